"""`python -m devtools`: what `./dev` becomes once its environment is complete."""

import sys

from devtools import cli

if __name__ == "__main__":
    sys.exit(cli.main(sys.argv[1:]))
