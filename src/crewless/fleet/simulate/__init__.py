"""A simulated floor: robots, stations and mishaps, in memory or over a real broker. No hardware is used."""
