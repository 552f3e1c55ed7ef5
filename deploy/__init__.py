"""What runs Rollcall: the root of the `rollcall` command, topics, the first start, the local stack, containers."""
