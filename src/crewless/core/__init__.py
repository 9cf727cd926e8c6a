"""What every other room of the house speaks: messages, protocols, rates, events, errors. Knows nobody."""
