"""The door of the accounts: what other slices and the edges may call. Each function lives in the module of its idea."""

from weft.accounts.authenticator import Authenticator
from weft.accounts.creation import create_account
from weft.accounts.passwords import Passwords
from weft.accounts.profile import (
    check_profile,
    delete_account,
    edit_preferences,
    edit_profile,
    set_password,
    set_role,
    set_state,
    set_user_state,
    touch,
)
from weft.accounts.queries import (
    count_active_users,
    count_local_accounts,
    find_account,
    find_by_handle,
    find_user,
    load_account_counts,
    load_accounts,
    local_account_ids,
)
from weft.accounts.tokens import IssuedToken, NewToken, create_token, end_access, list_tokens, revoke_token, token_for

__all__ = [
    "Authenticator",
    "IssuedToken",
    "NewToken",
    "Passwords",
    "check_profile",
    "count_active_users",
    "count_local_accounts",
    "create_account",
    "create_token",
    "delete_account",
    "edit_preferences",
    "edit_profile",
    "end_access",
    "find_account",
    "find_by_handle",
    "find_user",
    "list_tokens",
    "load_account_counts",
    "load_accounts",
    "local_account_ids",
    "revoke_token",
    "set_password",
    "set_role",
    "set_state",
    "set_user_state",
    "token_for",
    "touch",
]
