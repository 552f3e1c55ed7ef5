"""What schools hand over, read and planned: rosters (OneRoster), meetings (CSV, iCalendar), photos. Pure, no database.

What a file says becomes values, every fault a finding with its file and line; the values beside what is there become a
plan. `attendance.import_runs` reads what is there and carries the plan out.
"""
