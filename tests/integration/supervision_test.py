#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the built `steward` does by a unit's policy: budgets, requirements, groups and deadlines; and how it tells why, and what it would do."""
import json
import os
import pathlib
import signal
import threading

from steward_under_test import CAP, is_alive, main, shell, steward_test, until

SLEEP = ["sleep", "1000"]
HASTY = {"initial": "1ms", "max": "1ms"}


class budget_test(steward_test):
    def flop(self):
        return {"command": ["false"], "backoff": HASTY, "budget": {"restarts": 2, "window": "1h", "then": "give_up"}}

    def test_that_is_used_up_leaves_it_down_until_it_is_started(self):
        self.run_daemon(flop=self.flop())
        seen = self.wait_for("flop", state="gave_up")
        self.assertEqual((seen["incarnation"], seen["restarts"], seen["exit"]["code"]), (3, 2, 1))
        self.assertIn("its restart budget is used up", self.does("status"))
        self.assertIn("it ended too often (exited with code 1)", self.does("explain", "flop"))
        self.assertIn("flop starts", self.does("start", "flop"))
        seen = self.wait_for("flop", state="gave_up", incarnation=6)
        self.assertEqual(seen["restarts"], 2, "a start by hand clears the counters")

    def test_that_is_used_up_is_remembered_when_the_daemon_is_killed(self):
        self.run_daemon(flop=self.flop(), other={"command": SLEEP})
        self.wait_for("flop", state="gave_up")
        self.kill_daemon()
        self.run_daemon()
        self.running("other")
        self.assertEqual((self.unit("flop")["state"], self.unit("flop")["incarnation"]), ("gave_up", 3))


    def test_that_is_used_up_tells_the_next_daemon_how_the_last_one_ended(self):
        flop = self.flop()
        self.run_daemon(code={**flop, "command": ["sh", "-c", "exit 3"]}, signal={**flop, "command": ["sh", "-c", "kill -SEGV $$"]})
        before = {key: self.wait_for(key, state="gave_up")["exit"] for key in ("code", "signal")}
        self.assertEqual((before["code"]["code"], before["signal"]["signal"]), (3, "SEGV"))
        told = {key: self.does("explain", key).splitlines()[2] for key in before}
        self.kill_daemon()
        self.run_daemon()
        for key, was in before.items():
            now = self.wait_for(key, state="gave_up")["exit"]
            self.assertEqual({name: now[name] for name in ("reason", "error", "code", "signal")},
                             {name: was[name] for name in ("reason", "error", "code", "signal")})
            self.assertEqual(self.does("explain", key).splitlines()[2], told[key])


class requires_test(steward_test):
    def test_takes_down_who_requires_what_is_lost(self):
        self.run_daemon(db={"command": SLEEP}, web={"command": SLEEP, "requires": ["db"]},
                        log={"command": SLEEP, "requires": [{"unit": "db", "on_loss": "stop"}]})
        self.running("web")
        self.running("log")
        os.kill(self.running("db")["pid"], signal.SIGKILL)
        self.wait_for("web", state="running", incarnation=2)
        self.wait_for("log", state="stopped")
        why = json.loads(self.does("explain", "log", "--json"))
        self.assertEqual((why["why"], why["because_of"]), ("requirement_lost", "db"))
        self.assertEqual(self.unit("db")["incarnation"], 2)

    def test_is_waited_for_and_explained(self):
        self.run_daemon(db={"command": SLEEP, "ready": {"after": "1h"}, "start_deadline": "2h"}, web={"command": SLEEP, "requires": ["db"]})
        self.wait_for("web", state="waiting")
        self.wait_for("db", state="starting")
        status, why = self.ask("GET", "/v1/units/web/explain")
        self.assertEqual((status, why["why"], why["waiting_for"], why["text"]), (200, "waits_for_others", ["db"], "it waits for db, which does not run"))
        self.assertIsNotNone(self.ask("GET", "/v1/units/db/explain")[1]["until"], "its start deadline")
        self.assertEqual(self.ask("GET", "/v1/units/none/explain"), (404, {"error": "there is no unit none"}))


class group_test(steward_test):
    def file(self, strategy):
        text = f'[group.site]\nstrategy = "{strategy}"\n'
        for place, name in enumerate(("a", "b")):
            text += f'[unit.{name}]\ncommand = ["sleep", "1000"]\ngroup = {{ name = "site", place = {place} }}\n'
        return self.write("group.toml", text)

    def test_goes_down_and_comes_up_together(self):
        self.run_daemon("--apply", self.file("one_for_all"))
        self.running("b")
        os.kill(self.running("a")["pid"], signal.SIGKILL)
        self.wait_for("b", state="running", incarnation=2)
        self.assertEqual(self.wait_for("a", state="running")["incarnation"], 2)

    def test_names_who_of_it_still_stops(self):
        self.file("one_for_all")
        text = self.text("group.toml").replace('[unit.b]\ncommand = ["sleep", "1000"]', '[unit.b]\ncommand = ["sh", "-c", "trap \'\' TERM; echo up; sleep 1000"]\nstop = { deadline = "2s" }')
        self.run_daemon("--apply", self.write("group.toml", text))
        self.running("b")
        self.first_line("b")
        os.kill(self.running("a")["pid"], signal.SIGKILL)
        self.wait_for("b", state="stopping")
        why = self.ask("GET", "/v1/units/a/explain")[1]
        self.assertEqual((why["why"], why["waiting_for"], why["text"]),
                         ("waits_for_group", ["b"], "it is started again together with its group, when b, which stops, is gone"))
        self.running("a")

    def test_that_gave_up_is_told_so_of_its_members_also_by_the_next_daemon(self):
        budget = 'budget = { restarts = 0, window = "1h", then = "give_up" }\n'
        self.run_daemon("--apply", self.write("group.toml", self.text(self.file("one_for_all")).replace('_all"\n', '_all"\n' + budget)))
        self.running("b")
        os.kill(self.running("a")["pid"], signal.SIGKILL)
        self.wait_for("b", state="gave_up")
        self.assertIn("it went down with a, and the restart budget of its group is used up", self.does("explain", "b"))
        self.kill_daemon()
        self.run_daemon()
        self.assertEqual(self.wait_for("b", state="gave_up")["exit"]["reason"], "stopped")
        self.assertIn("it went down with its group, whose restart budget is used up", self.does("explain", "b"))
        self.assertIn("it ended too often (killed by signal 9 (SIGKILL))", self.does("explain", "a"))

    def test_agrees_on_its_policy_with_those_that_are_there(self):
        self.run_daemon("--apply", self.file("one_for_all"))
        self.write("more.toml", '[group.site]\n[unit.c]\ncommand = ["sleep", "1000"]\ngroup = { name = "site" }\n')
        self.refused(1, r'units\.c\.group: "site" has another strategy in unit "a"', "apply", "more.toml")
        self.assertIn("changed: a, b", self.does("apply", self.file("one_for_one")))


class straggler_test(steward_test):
    def test_is_shown_until_it_is_gone(self):
        self.run_daemon(deaf=shell("trap '' TERM; echo up; while :; do sleep 0.1; done", stop={"deadline": "2s"}))
        pid = self.running("deaf")["pid"]
        until(lambda: "up" in self.text("s.db.logs/deaf.log"), "the trap")
        self.assertEqual(self.does("stragglers"), "nothing is left over\n")
        stopping = threading.Thread(target=self.steward, args=("stop", "deaf"))
        stopping.start()
        self.wait_for("deaf", state="stopping")
        left = json.loads(self.does("stragglers", "--json"))
        self.assertEqual([(each["key"], each["pid"], each["at"]) for each in left], [("deaf", pid, "stops")])
        self.assertIn("was asked to stop", self.does("stragglers"))
        stopping.join()
        self.assertEqual(self.does("stragglers"), "nothing is left over\n")

    # A keeper that hangs is the one way to keep a killed program from being gone that any user has.
    def test_that_does_not_end_even_killed_is_abandoned(self):
        self.run_daemon(stuck={"command": SLEEP, "stop": {"deadline": "100ms"}, "kill_deadline": "200ms"})
        pid = self.running("stuck")["pid"]
        keeper = self.keeper()
        os.kill(keeper, signal.SIGSTOP)
        stopping = threading.Thread(target=self.steward, args=("stop", "stuck"))
        stopping.start()
        try:
            self.assertEqual(self.wait_for("stuck", state="abandoned")["pid"], pid)
            self.assertIn("was killed, and is not gone", self.does("status"))
            self.assertEqual(self.ask("GET", "/v1/units/stuck/explain")[1]["why"], "forced")
            self.assertEqual([each["at"] for each in self.ask("GET", "/v1/stragglers")[1]["stragglers"]], ["forced"])
            stopping.join(CAP)
            self.assertFalse(stopping.is_alive(), "who waits for it is told when it is abandoned")
            since = self.unit("stuck")["since"]
            self.refused(1, f"stuck is abandoned since {since}: its program, pid {pid}, was killed and is not gone", "stop", "stuck")
            self.assertEqual(self.ask("POST", "/v1/units/stuck/stop")[0], 503)
            self.refused(1, "stuck is abandoned since", "rm", "stuck")
        finally:
            os.kill(keeper, signal.SIGCONT)
            stopping.join()
        until(lambda: not self.unit("stuck"), "it is gone at last, and removed")
        self.assertFalse(is_alive(pid))


class policy_edit_test(steward_test):
    POLICY = {"restart": "never", "backoff": HASTY, "budget": {"restarts": 1, "window": "1h", "then": "give_up"}, "after": ["db"], "requires": ["db"],
              "start_deadline": "7s", "kill_deadline": "3s",
              "stop": {"signal": "INT", "deadline": "700ms"}}

    def web(self, **policy):
        return {"web": shell("trap 'echo int' INT; trap 'echo term' TERM; echo up; while :; do sleep 0.05; done", **policy)}

    def up(self, **policy):
        self.run_daemon(db={"command": SLEEP}, **self.web(**policy))
        until(lambda: "up" in self.text("s.db.logs/web.log"), "the traps")
        return self.running("web")

    def apply(self, **policy):
        self.assertEqual(self.does("apply", self.units(**self.web(**policy))), "changed: web\n")

    def test_leaves_the_program_as_it_is(self):
        before = self.up()
        for key, value in self.POLICY.items():
            with self.subTest(key):
                file = self.units(**self.web(**{key: value}))
                self.assertEqual(self.does("apply", file, "--plan"), "would change: web\n1. keep     web, which goes on under its new policy\n")
                self.apply(**{key: value})
                after = self.wait_for("web", generation=lambda seen: seen > before["generation"])
                self.assertEqual((after["pid"], after["incarnation"], after["state"]), (before["pid"], 1, "running"))
                before = after

    def test_of_the_definition_starts_another(self):
        before = self.up()
        for key, value in {"environment": {"A": "1"}, "directory": "/", "ready": {"after": "1ms"}, "command": SLEEP}.items():
            with self.subTest(key):
                self.does("apply", self.units(web=self.web(stop={"deadline": "100ms"})["web"] | {key: value}))
                before = self.wait_for("web", state="running", incarnation=before["incarnation"] + 1)

    def test_holds_at_once(self):
        before = self.up(restart="always")
        self.apply(restart="never", stop={"signal": "INT", "deadline": "300ms"})
        self.wait_for("web", generation=lambda seen: seen > before["generation"])
        self.does("stop", "web")
        self.assertIn("int", self.text("s.db.logs/web.log"))
        self.assertNotIn("term", self.text("s.db.logs/web.log"))
        self.assertEqual(self.unit("web")["exit"]["reason"], "forced", "after 300 ms and not 10 s")
        self.does("start", "web")
        os.kill(self.wait_for("web", state="running", incarnation=2)["pid"], signal.SIGKILL)
        self.wait_for("web", state="completed")

    def test_of_the_stop_deadline_shortens_a_stop_that_is_under_way(self):
        self.up(stop={"signal": "TERM", "deadline": "1h"})
        stopping = threading.Thread(target=self.steward, args=("stop", "web"))
        stopping.start()
        self.wait_for("web", state="stopping")
        self.apply(stop={"signal": "TERM", "deadline": "300ms"})
        self.assertEqual(self.wait_for("web", state="stopped")["exit"]["reason"], "forced")
        stopping.join()

    def test_does_not_swallow_a_restart_by_hand(self):
        before = self.up(stop={"deadline": "100ms"})
        self.does("restart", "web")
        self.assertNotEqual(self.wait_for("web", state="running", incarnation=2)["pid"], before["pid"])

    def test_while_the_daemon_is_killed_leaves_the_program_to_the_next(self):
        before = self.up()
        self.apply(kill_deadline="3s")
        self.wait_for("web", generation=lambda seen: seen > before["generation"])
        self.kill_daemon()
        self.run_daemon(**self.web(restart="never"))  # and this one edits it again
        after = self.running("web")
        self.assertEqual((after["pid"], after["incarnation"]), (before["pid"], 1))
        os.kill(after["pid"], signal.SIGKILL)
        self.wait_for("web", state="completed")

    def test_of_a_group_clears_its_failures_which_a_kill_does_not(self):
        def file(**policy_of_a):
            member = {"command": SLEEP, "group": {"name": "site"}}
            units = pathlib.Path(self.units(a=member | policy_of_a, b=member)).read_text(encoding="utf-8")
            return self.write("site.toml", units + '[group.site]\nstrategy = "one_for_all"\nbudget = { restarts = 1, window = "1h", then = "give_up" }\n')

        self.run_daemon("--apply", file())
        self.running("b")
        os.kill(self.running("a")["pid"], signal.SIGKILL)
        self.wait_for("a", state="running", incarnation=2)
        self.wait_for("b", state="running", incarnation=2)
        self.does("apply", file(kill_deadline="3s"))  # of one member is enough
        os.kill(self.running("b")["pid"], signal.SIGKILL)
        self.wait_for("a", state="running", incarnation=3)
        self.wait_for("b", state="running", incarnation=3)
        self.kill_daemon()
        self.run_daemon()
        os.kill(self.running("b")["pid"], signal.SIGKILL)
        self.wait_for("b", state="gave_up")
        self.wait_for("a", state="gave_up")


class plan_test(steward_test):
    def test_tells_what_would_be_done_in_order_and_does_nothing(self):
        units = {"db": {"command": SLEEP}, "web": {"command": SLEEP, "requires": ["db"]}, "same": {"command": SLEEP}}
        self.run_daemon(**units)
        before = {key: self.running(key) for key in units}
        self.assertEqual(self.does("apply", self.units(**units), "--plan"), "nothing would change\n")
        units["db"] = {"command": ["sleep", "2000"]}
        file = self.units(**units, new={"command": SLEEP, "after": ["web"]})
        told = self.does("apply", file, "--plan")
        self.assertEqual(told, "would add: new\nwould change: db\n1. restart  db\n2. restart  web, which requires db\n3. start    new\n")
        plan = json.loads(self.does("apply", file, "--plan", "--json"))
        self.assertEqual([step["action"] for step in plan["steps"]], ["restart", "restart", "start"])
        for each in before.values():
            self.assert_still(each)
        self.assertEqual(self.unit("new"), {})
        self.does("apply", file)
        self.running("new")
        self.assertEqual([self.running(key)["incarnation"] for key in ("db", "web", "same")], [2, 2, 1])

    def test_of_what_cannot_be_applied_is_refused_alike(self):
        self.run_daemon(db={"command": SLEEP, "requires": []})
        self.does("apply", self.units(web={"command": SLEEP, "requires": ["db"]}))
        self.refused(1, "units.db.after.0.: goes round in a circle: db -> web -> db", "apply", self.units(db={"command": SLEEP, "after": ["web"]}), "--plan")
        late = json.dumps({"units": {"late": {"command": SLEEP, "ready": {"after": "10s"}, "start_deadline": "1s"}}})
        for target in ("/v1/apply", "/v1/plan"):
            status, body = self.ask("POST", target, late)
            self.assertEqual(status, 422)
            self.assertRegex(body["error"], r"^units\.late\.ready\.after: is 10s, and the start_deadline 1s: .*[^\n]$")


if __name__ == "__main__":
    main()
