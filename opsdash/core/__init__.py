"""The nouns of opsdash: values and pure rules, standard library only, no input or output."""
