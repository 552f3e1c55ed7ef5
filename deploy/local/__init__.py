"""Kafka, a database and Rollcall's processes on one machine, without Docker and without root.

`deploy.local.stack.LocalStack` is the way in. It is not imported here: `rollcall status` and supervisord should not pay
for what they don't use.
"""
