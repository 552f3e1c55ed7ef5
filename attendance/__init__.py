"""The domain: meetings, rosters, records, the rules between them, events, rights. The store is `attendance.store`."""
