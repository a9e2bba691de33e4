"""`python -m service.cli`: the command, also where nothing is installed."""

from service.cli.commands import main

if __name__ == "__main__":
    main()
