"""Dispatched robots: a control that speaks VDA 5050, collision-free traffic, and a simulated floor."""
