"""The program beside the cameras: it reads them, thins their pictures, keeps them through an outage and sends them.

`capture` reads a source in a thread and puts what is to be sent into a `spool` on disk; `socket_link` or `kafka_link`
empties it in order. What was captured is thus lost neither by an outage nor by a restart, within the spool's bound.
"""
