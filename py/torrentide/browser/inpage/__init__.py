"""The engine in the Python of a page, beside the program that uses it: ports made real without a worker of
ours and without its JavaScript. `torrentide.Client` finds it by itself."""
