// SPDX-License-Identifier: MIT
// Prints the manual page or the completion, as they are to be in docs/man. Used while building; not installed.
#include <iostream>
#include <string>

#include "commands/command_line.hpp"

int main(int argc, char** argv) {
    const std::string what = argc == 2 ? argv[1] : "";
    if (what == "man") {
        std::cout << edge::manualPage();
    } else if (what == "bash") {
        std::cout << edge::bashCompletion();
    } else {
        std::cerr << "edge_manual man | bash\n";
        return 2;
    }
    return 0;
}
