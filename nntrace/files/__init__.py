"""Data and weights in files: CSV and NPZ, read into float64 arrays, with the place of whatever is wrong."""
