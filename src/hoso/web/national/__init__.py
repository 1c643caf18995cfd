"""Citizens sign in with the identity the state gave them: an OpenID Connect client of one national provider.

Who comes that way is the one person whose personal number the provider vouches for, or nobody.
"""
