"""
Run a command that ends when the process which started it does, even when that one is killed outright.

    python leash.py PARENT SIGNAL USER COMMAND …

PARENT is the pid of the caller, SIGNAL the number that the command is sent when the caller dies, USER is `uid:gid` to
run as, or empty, and COMMAND begins with a path. The pid stays the same. A death signal is forgotten whenever a process
changes its user: hence the order here, and hence this file instead of `subprocess`'s own `user=`. Only Linux has death
signals; elsewhere the next run ends what was left behind.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def become(user: str) -> None:
    """Drop root's rights for good: `user` is `uid:gid`."""
    uid, gid = (int(number) for number in user.split(":"))
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def follow(parent: int, signum: int) -> None:
    """Ask the kernel for `signum` at the death of `parent`; leave at once if it is dead already."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signum, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(1)


def main(parent: str, signum: str, user: str, *command: str) -> None:
    """Become `command`."""
    if user:
        become(user)
    follow(int(parent), int(signum))
    try:
        os.execv(command[0], command)
    except OSError as error:
        sys.exit(f"{command[0]}: {error.strerror}")


if __name__ == "__main__":
    main(*sys.argv[1:])
