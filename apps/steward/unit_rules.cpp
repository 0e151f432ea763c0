// SPDX-License-Identifier: Apache-2.0
#include "unit_rules.hpp"

#include "duration_text.hpp"
#include "text.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>

namespace steward {
namespace {

/// Where the one that `needs_of` tells as number `index` stands.
std::string need_path(const std::string& unit_path, const unit& of, std::size_t index) {
  const std::size_t required = of.after.size();
  return index < required ? item_path(key_path(unit_path, "after"), index) : item_path(key_path(unit_path, "requires"), index - required);
}

/// Walks what units wait for depth first and reports each edge that closes a circle. Iterative: a chain may be as long as the table.
class circle_search {
 public:
  circle_search(const unit_map& applied, const known_units& known, std::string_view path, problems& found)
      : applied_(applied), known_(known), path_(path), found_(found) {
    for (const auto& [name, each] : applied) needs_.emplace(name, needs_of(each));
  }

  void run() {
    for (const auto& [name, each] : applied_) visit(name);
  }

 private:
  struct step {
    std::string_view name;
    const std::vector<std::string>* needs;
    std::size_t next;
  };
  enum class mark : unsigned char { unseen, open, done };

  [[nodiscard]] const std::vector<std::string>* needs(std::string_view name) const {
    if (const auto here = needs_.find(name); here != needs_.end()) return &here->second;
    if (const auto there = known_.find(name); there != known_.end()) return &there->second;
    return nullptr;
  }

  void push(std::string_view name) {
    mark& seen = marks_[name];
    if (seen == mark::open) return report(name);
    if (seen == mark::done) return;
    const auto* others = needs(name);
    if (others == nullptr) return;  // unknown: reported elsewhere
    seen = mark::open;
    trail_.push_back({.name = name, .needs = others, .next = 0});
  }

  void visit(std::string_view root) {
    if (marks_[root] != mark::unseen) return;
    push(root);
    while (!trail_.empty()) {
      step& last = trail_.back();
      if (last.next < last.needs->size()) {
        push((*last.needs)[last.next++]);
      } else {
        marks_[last.name] = mark::done;
        trail_.pop_back();
      }
    }
  }

  /// The trail from `name` to its end is the circle. It is told from its first applied unit on, because that is what the user can change.
  void report(std::string_view name) {
    const auto begin = std::ranges::find(trail_, name, &step::name);
    std::vector<std::string_view> circle;
    for (auto it = begin; it != trail_.end(); ++it) circle.push_back(it->name);
    if (circle.size() == 1) return;  // itself: reported elsewhere
    const auto mine = std::ranges::find_if(circle, [&](std::string_view each) { return needs_.contains(each); });
    if (mine == circle.end()) return;
    std::ranges::rotate(circle, mine);
    const auto& others = needs_.at(circle.front());
    const auto index = static_cast<std::size_t>(std::ranges::find(others, circle[1]) - others.begin());
    circle.push_back(circle.front());
    found_.add(need_path(key_path(path_, circle.front()), applied_.at(std::string(circle.front())), index),
               fmt::format("goes round in a circle: {}; take one of these out", fmt::join(circle, " -> ")));
  }

  const unit_map& applied_;
  const known_units& known_;
  std::string_view path_;
  problems& found_;
  std::map<std::string_view, std::vector<std::string>> needs_;  // of those applied
  std::map<std::string_view, mark> marks_;
  std::vector<step> trail_;
};

std::vector<std::string_view> names_of(const unit_map& applied, const known_units& known) {
  std::vector<std::string_view> names;
  for (const auto& [name, each] : applied) names.push_back(name);
  for (const auto& [name, after] : known)
    if (!applied.contains(name)) names.push_back(name);
  return names;
}

std::string unknown_unit(std::string_view name, const std::vector<std::string_view>& names) {
  const auto near = nearest(name, names);
  return fmt::format("there is no unit {}{}", in_quotes(name),
                     near ? fmt::format("; did you mean {}?", in_quotes(*near)) : "; apply it first, or in the same file");
}

std::string_view difference(const group_policy& left, const group_policy& right) {
  if (left.strategy != right.strategy) return "strategy";
  return left.restart.delays != right.restart.delays ? "backoff" : "budget";
}

std::size_t size_of(const program_spec& program) {
  std::size_t size = program.directory.size();
  for (const std::string& word : program.command) size += word.size() + 1;
  for (const auto& [name, value] : program.environment) size += name.size() + value.size() + 2;
  return size;
}

std::optional<std::string> executable_problem(executable_state state, const std::string& program) {
  switch (state) {
    case executable_state::executable:
      return std::nullopt;
    case executable_state::missing:
      return fmt::format("{} does not exist", in_quotes(program));
    case executable_state::not_executable:
      return fmt::format("{} is not executable; chmod +x would make it so", in_quotes(program));
    case executable_state::folder:
      return fmt::format("{} is a folder; it must be an executable file", in_quotes(program));
  }
  return std::nullopt;
}

/// Looks as execvp does, except that only folders with an absolute path are looked at.
std::optional<std::string> search_problem(const std::string& program, std::string_view search_path, const executable_lookup& lookup) {
  std::optional<std::string> nearly;
  for (std::string_view rest = search_path; !rest.empty();) {
    const std::string_view folder = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(rest.size(), folder.size() + 1));
    if (!folder.starts_with('/')) continue;
    const std::string candidate = fmt::format("{}/{}", folder, program);
    const executable_state state = lookup.look(candidate);
    if (state == executable_state::executable) return std::nullopt;
    if (state == executable_state::not_executable && !nearly) nearly = executable_problem(state, candidate);
  }
  if (nearly) return nearly;
  return fmt::format("{} is in no folder of PATH ({}); write its full path", in_quotes(program), printable(search_path));
}

}  // namespace

void check_needs(const unit_map& applied, const known_units& known, bool known_is_complete, std::string_view path, problems& found) {
  const std::vector<std::string_view> names = names_of(applied, known);
  for (const auto& [name, each] : applied) {
    const std::string unit_path = key_path(path, name);
    const std::vector<std::string> needs = needs_of(each);
    for (std::size_t i = 0; i < needs.size(); ++i) {
      if (needs[i] == name)
        found.add(need_path(unit_path, each, i),
                  fmt::format("a unit cannot {} itself; take it out", i < each.after.size() ? "come after" : "require"));
      else if (known_is_complete && !applied.contains(needs[i]) && !known.contains(needs[i]))
        found.add(need_path(unit_path, each, i), unknown_unit(needs[i], names));
    }
  }
  circle_search(applied, known, path, found).run();
}

void check_groups(const unit_map& applied, const known_groups& known, std::string_view path, problems& found) {
  std::map<std::string_view, std::pair<std::string_view, const group_policy*>> first;  // of each group, the unit that it was seen with first
  for (const auto& [name, group] : known)
    if (!applied.contains(name)) first.try_emplace(group.name, name, &group.policy);
  for (const auto& [name, each] : applied) {
    if (!each.group) continue;
    const auto& [other, policy] = first.try_emplace(each.group->name, name, &each.group->policy).first->second;
    if (*policy != each.group->policy)
      found.add(key_path(key_path(path, name), "group"),
                fmt::format("{} has another {} in unit {}; apply all units of a group together, with one policy", in_quotes(each.group->name),
                            difference(*policy, each.group->policy), in_quotes(other)));
  }
}

void check_sizes(const unit_map& applied, std::string_view path, problems& found) {
  constexpr std::string_view remedy = "put what is large into a file that the program reads";
  const auto check_one = [&](const std::string& at, std::size_t size) {
    if (size >= largest_argument)
      found.add(at,
                fmt::format("has {} bytes; a program can be given at most {} in one argument or variable; {}", size, largest_argument - 1, remedy));
  };
  for (const auto& [name, each] : applied) {
    const std::string unit_path = key_path(path, name);
    if (const std::size_t size = size_of(each.program); size > largest_program)
      found.add(unit_path,
                fmt::format("has {} bytes of command, directory and environment; it must be at most {}; {}", size, largest_program, remedy));
    const auto& command = each.program.command;
    for (std::size_t i = 0; i < command.size(); ++i) check_one(item_path(key_path(unit_path, "command"), i), command[i].size());
    for (const auto& [variable, value] : each.program.environment)
      check_one(key_path(key_path(unit_path, "environment"), variable), variable.size() + 1 + value.size());
  }
}

void check_deadlines(const unit_map& applied, std::string_view path, problems& found) {
  for (const auto& [name, each] : applied) {
    const auto* const ready = std::get_if<ready_after>(&each.ready);
    if (ready == nullptr || ready->delay < each.start_deadline) continue;
    found.add(key_path(key_path(key_path(path, name), "ready"), "after"),
              fmt::format("is {0}, and the start_deadline {1}: it would never be ready; a shorter one, or a start_deadline longer than {0}",
                          duration_text(ready->delay), duration_text(each.start_deadline)));
  }
}

std::string own_search_path() {
  const char* const path = std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe): nothing here sets the environment
  return path != nullptr ? path : "";
}

executable_state look_on_disk(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return executable_state::missing;
  if (S_ISDIR(info.st_mode)) return executable_state::folder;
  return S_ISREG(info.st_mode) && ::access(path.c_str(), X_OK) == 0 ? executable_state::executable : executable_state::not_executable;
}

void check_executables(const unit_map& applied, const executable_lookup& lookup, std::string_view path, problems& found) {
  std::map<std::string, executable_state> seen;  // units have programs and folders in common, and each look is a system call
  const auto look_once = [&](const std::string& file) {
    const auto [at, fresh] = seen.try_emplace(file);
    if (fresh) at->second = lookup.look(file);
    return at->second;
  };
  const executable_lookup once{.look = look_once, .search_path = lookup.search_path};
  for (const auto& [name, each] : applied) {
    const std::string& folder = each.program.directory;
    if (!folder.empty() && look_once(folder) != executable_state::folder)
      found.add(key_path(key_path(path, name), "directory"), fmt::format("{} is no folder; it must be one that exists", in_quotes(folder)));
    if (each.program.command.empty()) continue;
    const std::string& program = each.program.command.front();
    const auto own_path = each.program.environment.find("PATH");
    const auto problem = program.contains('/')
                             ? executable_problem(look_once(program), program)
                             : search_problem(program, own_path != each.program.environment.end() ? own_path->second : lookup.search_path, once);
    if (problem) found.add(item_path(key_path(key_path(path, name), "command"), 0), *problem);
  }
}

}  // namespace steward
