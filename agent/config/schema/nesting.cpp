// SPDX-License-Identifier: MIT
#include "config/schema/nesting.hpp"

#include <vector>

namespace edge {
namespace {

/// Walks the text knowing just enough TOML to tell keys and brackets from strings and comments.
class NestingScanner {
  public:
    NestingScanner(std::string_view text, int limit) : text_(text), limit_(limit) {}

    int firstTooDeepLine() {
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (c == '"' || c == '\'') {
                skipString(c);
            } else if (c == '#') {
                while (at_ < text_.size() && text_[at_] != '\n') ++at_;
            } else {
                structure(c);
                ++at_;
            }
            if (depth_ > limit_) return line_;
        }
        return 0;
    }

  private:
    /// Each open bracket counts one, and so does each dot of the keys that lead to it.
    void structure(char c) {
        switch (c) {
            case '[':
            case '{':
                dots_.push_back(0);
                ++depth_;
                break;
            case ']':
            case '}':
                if (dots_.size() > 1) {
                    depth_ -= dots_.back() + 1;
                    dots_.pop_back();
                }
                break;
            case '.':
                ++dots_.back();
                ++depth_;
                break;
            case ',':
                forgetDots();
                break;
            case '\n':
                ++line_;
                if (dots_.size() == 1) forgetDots();
                break;
            default:
                break;
        }
    }

    void forgetDots() {
        depth_ -= dots_.back();
        dots_.back() = 0;
    }

    void skipString(char quote) {
        const std::string_view triple = quote == '"' ? R"(""")" : "'''";
        const bool isLong = text_.substr(at_, triple.size()) == triple;
        at_ += isLong ? triple.size() : 1;
        while (at_ < text_.size()) {
            if (text_[at_] == '\n') {
                if (!isLong) return;  // not closed: the parser complains about it
                ++line_;
            }
            if (quote == '"' && text_[at_] == '\\') {
                ++at_;
                if (at_ < text_.size() && text_[at_] == '\n') continue;
            } else if (isLong ? text_.substr(at_, triple.size()) == triple : text_[at_] == quote) {
                at_ += isLong ? triple.size() : 1;
                return;
            }
            ++at_;
        }
    }

    std::string_view text_;
    int limit_;
    std::size_t at_ = 0;
    int line_ = 1;
    int depth_ = 0;
    std::vector<int> dots_{0};
};

}  // namespace

int tooDeepLine(std::string_view text, int limit) {
    return NestingScanner(text, limit).firstTooDeepLine();
}

}  // namespace edge
