"""What the build makes is not committed."""
import re

import source

GENERATED = re.compile(
    r"\.pb-c\.[ch]$|\.(o|a|so|pyc)$|\.so\.\d|(^|/)status\.[ch]$|(^|/)relevo/version\.h$|(^|/)build"
    r"(-\w+)?/|(^|/)(meson-private|__pycache__)/"
)


def main():
    arguments = source.arguments()
    report = source.Report()
    for path in source.files(arguments.root):
        if GENERATED.search(path.as_posix()):
            report.add(path, 1, "is made by the build: do not commit it")
    report.end()


main()
