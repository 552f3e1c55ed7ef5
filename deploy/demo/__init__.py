"""`rollcall demo`: a lecture's roll, called by the real system with real faces."""
