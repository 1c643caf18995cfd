"""What can be wrong with a new account, in the words of the page."""

PROBLEMS = {
    "user.bad_name": "An account name has up to 64 letters, digits and signs, without spaces.",
    "user.unknown": "There is no account of staff of that name.",
    "user.taken": "There is already an account of that name. Choose another.",
}
