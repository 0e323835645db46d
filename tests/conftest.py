"""What every test shares: hypothesis without a deadline, which would only measure the machine, and with the
same examples each time. Inside Pyodide it is set the same."""

from hypothesis import settings

settings.load_profile("ci")
