"""Data and weights in files: CSV and NPZ, read into float64 arrays, with the place of whatever is wrong."""

from nntrace.files.csv_file import CsvFile
from nntrace.files.labels import Labels
from nntrace.files.npz_file import NpzFile

__all__ = ["CsvFile", "Labels", "NpzFile"]
