"""What others build on, as documents made from the code: `docs/contract/asyncapi.json`, and a JSON Schema an event.

`make contract` writes them, and refuses a change that would break somebody who reads the version that is there.
"""
