# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Passwords that are made here and go nowhere but to AWS."""

from __future__ import annotations

import secrets
import string

# Letters and digits need no escape in a URL; 40 of them are 238 bits. ElastiCache takes 16 to 128 characters.
_CHARACTERS = string.ascii_letters + string.digits
_LENGTH = 40


def new_password() -> str:
    return "".join(secrets.choice(_CHARACTERS) for _position in range(_LENGTH))
