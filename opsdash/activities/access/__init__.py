"""User access: who can get in where, who can become root, who should not?"""
