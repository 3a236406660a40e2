"""Tables of ships and images that people have: read to gnomon's own columns, or refused.

One idea a module: bytes to text (`text`), a file to a table (`files`), names of columns
(`columns`), cells to numbers, words and times (`cells`), the place of a ship (`places`), its load
(`loads`); `reading` puts them together, and `season` compares ships with images and ports.
"""
