"""VDA 5050 version 3: messages, their validation, zones, and the transports that carry them."""
