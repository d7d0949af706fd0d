"""`python -m nntrace`"""

from nntrace.cli import main

main()
