"""The company as a sheet of cells: what every human cell costs in time, money, errors and meetings."""

GROUP = "company"
