// SPDX-License-Identifier: Apache-2.0
#include "steward/failure_tree.hpp"

#include "one_line.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace steward {
namespace {

constexpr auto nobody = static_cast<std::size_t>(-1);
constexpr std::size_t names_on_a_line = 8;
constexpr std::size_t alike_shown = 3;  // of five or more: to leave out one alone would save no line

using indices = std::vector<std::size_t>;

/// At one instant, as given. Not `std::stable_sort`: with clang the one of libstdc++ 12 warns of what it uses itself.
std::vector<casualty> by_time(std::vector<casualty> given) {
  std::vector<std::pair<instant, std::size_t>> order;
  order.reserve(given.size());
  for (std::size_t i = 0; i < given.size(); ++i) order.emplace_back(given[i].at, i);
  std::ranges::sort(order);
  std::vector<casualty> sorted;
  sorted.reserve(given.size());
  for (const auto& [at, i] : order) sorted.push_back(std::move(given[i]));
  return sorted;
}

/// Who took each one down. Shape: `fallen` is by time.
indices who_took_down(const std::vector<casualty>& fallen) {
  std::unordered_map<std::string_view, indices> named;
  for (std::size_t i = 0; i < fallen.size(); ++i) named[fallen[i].name].push_back(i);
  indices above(fallen.size(), nobody);
  for (std::size_t i = 0; i < fallen.size(); ++i) {
    if (!fallen[i].because_of) continue;
    const auto found = named.find(*fallen[i].because_of);
    if (found == named.end()) continue;
    const indices& all = found->second;
    auto at = std::ranges::upper_bound(all, fallen[i].at, {}, [&](std::size_t each) { return fallen[each].at; });
    while (at != all.begin() && above[i] == nobody)
      if (*--at != i) above[i] = *at;
    if (above[i] == nobody && all.front() != i) above[i] = all.front();
  }
  return above;
}

/// Makes the earliest of each circle a root.
void break_circles(indices& above) {
  indices seen_from(above.size(), nobody);
  for (std::size_t i = 0; i < above.size(); ++i) {
    std::size_t at = i;
    while (at != nobody && seen_from[at] == nobody) seen_from[std::exchange(at, above[at])] = i;
    if (at == nobody || seen_from[at] != i) continue;
    std::size_t earliest = at;
    for (std::size_t round = above[at]; round != at; round = above[round]) earliest = std::min(earliest, round);
    above[earliest] = nobody;
  }
}

std::string error_text(const casualty& what) { return what.cause ? what.cause->to_string() : std::string(); }

/// Whether it says what was said above, perhaps with a prefix.
bool repeats(std::string_view text, std::string_view said) {
  if (said.empty() || !text.ends_with(said)) return false;
  text.remove_suffix(said.size());
  return text.empty() || text.ends_with(": ");
}

/// Whom each one took down at first hand, by time.
class consequences {
 public:
  explicit consequences(const indices& above) : first_(above.size(), nobody), next_(above.size(), nobody) {
    for (std::size_t i = above.size(); i-- > 0;)
      if (above[i] != nobody) next_[i] = std::exchange(first_[above[i]], i);
  }

  /// Moves a root and all below it out of `fallen`.
  [[nodiscard]] std::vector<failure_tree::entry> collect(std::size_t root, std::vector<casualty>& fallen) const {
    struct place {
      std::size_t casualty;
      std::size_t entry;
    };
    std::vector<failure_tree::entry> entries;
    std::vector<place> path;
    std::size_t at = root;
    while (at != nobody) {
      failure_tree::entry each;
      each.what = std::move(fallen[at]);
      each.depth = path.size();
      path.push_back({at, entries.size()});
      entries.push_back(std::move(each));
      at = first_[at];
      while (at == nobody && !path.empty()) {
        entries[path.back().entry].below = entries.size() - 1 - path.back().entry;
        at = next_[path.back().casualty];
        path.pop_back();
      }
    }
    return entries;
  }

 private:
  indices first_;
  indices next_;  // beside it, under the same one
};

/// What follows a name: ` failed: connection refused`.
std::string end_of(const failure_tree::entry& each) {
  const casualty& what = each.what;
  std::string text;
  if (!what.how.empty()) detail::append_on_one_line(text += ' ', what.how);
  if (what.cause && !each.echo) text += ": " + what.cause->to_string();
  if (each.depth > 0 || !what.because_of) return text;
  detail::append_on_one_line(text += " (because of ", *what.because_of);
  return text += ')';
}

/// Those who went down alike: under the same one, in the same words, and took nobody with them.
struct alike {
  std::size_t total = 0;
  std::size_t met = 0;

  [[nodiscard]] bool folded() const noexcept { return total > alike_shown + 1; }
};

/// The entries of a tree by who went down alike.
class kinds {
 public:
  explicit kinds(const std::vector<failure_tree::entry>& entries) {
    of_.reserve(entries.size());
    indices path;  // the last entry of each depth
    for (std::size_t i = 0; i < entries.size(); ++i) {
      path.resize(entries[i].depth);
      const std::size_t above = path.empty() ? nobody : path.back();
      path.push_back(i);
      alike* const kind = entries[i].below > 0 ? nullptr : &found_[std::to_string(above) + end_of(entries[i])];
      if (kind != nullptr) ++kind->total;
      of_.push_back(kind);
    }
  }

  /// Null: of a kind of its own.
  [[nodiscard]] alike* of(std::size_t entry) const noexcept { return of_[entry]; }

 private:
  std::unordered_map<std::string, alike> found_;
  std::vector<alike*> of_;
};

std::string more(std::size_t count) { return "… and " + std::to_string(count) + " more"; }

}  // namespace

failure_tree::failure_tree(std::vector<entry> entries) : entries_(std::move(entries)) {
  std::vector<std::string> texts;
  texts.reserve(entries_.size());
  indices said;  // for each depth: who says something, the last one there or the nearest above it
  for (entry& each : entries_) {
    texts.push_back(error_text(each.what));
    said.resize(each.depth);
    const std::size_t heard = said.empty() ? nobody : said.back();
    each.echo = heard != nobody && each.what.cause && (each.what.cause->only_stops() || repeats(texts.back(), texts[heard]));
    said.push_back(heard != nobody && (each.echo || !each.what.cause) ? heard : texts.size() - 1);
  }
}

std::string failure_tree::to_string() const {
  std::string out;
  detail::append_on_one_line(out, root().name);
  out += end_of(entries_.front());
  const std::size_t below = entries_.front().below;
  if (below == 0) return out;
  out += "; took down " + std::to_string(below) + ": ";
  const std::size_t named = std::min(below, names_on_a_line);
  for (std::size_t i = 1; i <= named; ++i) detail::append_on_one_line(i > 1 ? out += ", " : out, entries_[i].what.name);
  if (named < below) out += ' ' + more(below - named);
  return out;
}

std::string failure_tree::to_tree() const {
  const kinds all(entries_);
  std::string out;
  std::size_t lines = 0;
  std::size_t told = 0;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const entry& each = entries_[i];
    alike* const kind = all.of(i);
    const bool folded = kind != nullptr && kind->folded() && kind->met++ >= alike_shown;
    if (folded && kind->met > alike_shown + 1) continue;
    if (lines++ == most_lines) return out += more(entries_.size() - told) + '\n';
    out.append(2 * each.depth, ' ');
    const std::size_t count = folded ? kind->total - alike_shown : 1;
    if (folded)
      out += more(count);
    else
      detail::append_on_one_line(out, each.what.name);
    out += end_of(each) + '\n';
    told += count;
  }
  return out;
}

std::vector<failure_tree> failure_trees(std::vector<casualty> fallen) {
  fallen = by_time(std::move(fallen));
  indices above = who_took_down(fallen);
  break_circles(above);

  const consequences below(above);
  std::vector<failure_tree> trees;
  for (std::size_t i = 0; i < fallen.size(); ++i)
    if (above[i] == nobody) trees.push_back(failure_tree(below.collect(i, fallen)));
  return trees;
}

}  // namespace steward
