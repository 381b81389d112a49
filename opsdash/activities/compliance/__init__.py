"""Security and compliance: do we pass, what fails, since when, with what evidence?"""
