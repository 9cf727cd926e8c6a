"""The company's sheet, simulated: compiled to arrays, run by one discrete-event loop, summed up with confidence intervals."""
