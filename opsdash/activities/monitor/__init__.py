"""Monitor: what is wrong, how many, which, why, since when, and is it new?"""
