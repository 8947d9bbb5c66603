# SPDX-License-Identifier: MIT
"""Tables of figures, each with its ratio to another row."""


def percentile(values, percent):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


class Table:
    def __init__(self, title, columns):
        self.title, self.columns, self.rows = title, columns, {}

    def add(self, name, values, against=None):
        self.rows[name] = (values, against)

    def print(self):
        width = max(len(name) for name in self.rows) + 2
        print(f"\n{self.title}\n{'':{width}}" + "".join(f"{column:>22}" for column in self.columns))
        for name, (values, against) in self.rows.items():
            base = self.rows[against][0] if against in self.rows and against != name else None
            cells = []
            for index, value in enumerate(values):
                ratio = f" ({value / base[index]:.2f} x)" if base and base[index] else ""
                cells.append(f"{f'{value:.2f}{ratio}':>22}")
            print(f"{name:{width}}" + "".join(cells), flush=True)
