#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the daemon has to bear: slow ends, kills at any moment, clients and terminals that stand still, and a table or a disk that is taken away."""
import fcntl
import json
import os
import pty
import random
import select
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import termios
import threading
import time
import unittest

from steward_under_test import BINARY, CAP, below, is_alive, local_connection, main, read_bytes, shell, started_at, steward_test, until, until_gone

SLEEP = ["sleep", "1000"]
DEAF = "trap '' TERM; echo up; while :; do sleep 1000; done"


class patience_test(steward_test):
    def deaf(self, deadline, **keys):
        return shell(DEAF, stop={"deadline": deadline}, **keys)

    def until_deaf(self, *keys):
        for key in keys:
            self.running(key)
            until(lambda: "up" in self.text(f"s.db.logs/{key}.log"), "the trap")

    def test_lasts_for_all_that_stop_one_after_another(self):
        chain = {f"u{i}": self.deaf("500ms", **({"after": [f"u{i - 1}"]} if i else {})) for i in range(12)}
        self.run_daemon(**chain)
        self.until_deaf(*chain)
        self.assertEqual(self.interrupt_daemon(), 0, self.text("err"))
        self.assertEqual(self.text("err"), "")

    def test_that_was_over_is_told_of_those_who_were_killed(self):
        self.run_daemon(deaf=self.deaf("300ms"), quick=self.deaf("300ms"), good={"command": SLEEP})
        self.until_deaf("deaf", "quick")
        self.running("good")
        self.does("stop", "quick")
        ended = self.unit("quick")["exit"]
        self.assertEqual((ended["reason"], ended["signal"], ended["error"]), ("forced", "KILL", "stopped: deadline"))
        self.assertEqual(self.interrupt_daemon(), 0, self.text("err"))
        self.assertRegex(self.text("out"), "deaf: stopped, did not stop in time and was killed\n")
        self.assertRegex(self.text("out"), "good: stopped\n")

    def test_lasts_for_one_that_was_stopping_before(self):
        self.run_daemon(slow=self.deaf("6s"))
        self.until_deaf("slow")
        stopping = threading.Thread(target=self.steward, args=("stop", "slow"))
        stopping.start()
        self.wait_for("slow", state="stopping")
        self.assertEqual(self.interrupt_daemon(), 0, self.text("err"))
        stopping.join()
        self.assertEqual(self.text("err"), "")

    def test_of_a_second_stop_is_that_of_the_first(self):
        units = {second: self.deaf("1s") for second in ("stop", "rm")}
        self.run_daemon(**units)
        self.until_deaf(*units)
        for second, said in (("stop", "stop is stopped\n"), ("rm", "rm is removed\n")):
            pid = self.unit(second)["pid"]
            first = threading.Thread(target=self.steward, args=("stop", second))
            first.start()
            self.wait_for(second, state="stopping")
            self.assertEqual(self.does(second, second), said)
            self.assertFalse(is_alive(pid), "it is not gone")
            first.join()
        self.does("apply", self.units(rm={"command": SLEEP}))
        self.assertEqual(self.running("rm")["incarnation"], 1, "a removed unit is forgotten")

    def test_of_who_starts_is_not_needed_when_it_is_asked_to_end(self):
        self.run_daemon()
        self.assertEqual(self.interrupt_daemon(), 0)
        writer = sqlite3.connect(self.database, isolation_level=None)
        writer.execute("begin immediate")
        starting = self.launch("--apply", self.units(one={"command": SLEEP}))
        until(lambda: os.path.exists(self.socket), "the socket")
        starting.send_signal(signal.SIGTERM)
        self.assertEqual((starting.wait(CAP), self.text("err")), (0, ""))
        writer.execute("rollback")
        writer.close()


class client_test(steward_test):
    def connected(self):
        end = socket.socket(socket.AF_UNIX)
        end.settimeout(CAP)
        end.connect(self.socket)
        self.addCleanup(end.close)
        return end

    def test_that_has_left_takes_no_place(self):
        self.run_daemon()
        idle = [self.connected() for _ in range(300)]
        answered = 0
        for each in idle:
            try:
                each.sendall(b"GET /v1/version HTTP/1.1\r\nHost: x\r\n\r\n")
                answered += each.recv(4096).startswith(b"HTTP/1.1 200")
            except OSError:
                pass  # one too many
        self.assertEqual(answered, 256)
        for each in idle:
            each.close()
        until(self.answers, "an answer")

    def test_that_reads_nothing_does_not_keep_the_daemon_from_ending(self):
        self.run_daemon(one={"command": SLEEP})
        self.running("one")
        mute = self.connected()
        mute.setblocking(False)
        request = b"GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n"
        while select.select([], [mute], [], 0.5)[1]:  # until neither side takes anything any more
            mute.send(request * 100)
        self.assertEqual(self.interrupt_daemon(), 0, self.text("err"))

    def test_that_asked_for_a_stop_is_answered_while_the_daemon_ends(self):
        self.run_daemon(slow=shell(DEAF, stop={"deadline": "1s"}))
        self.running("slow")
        until(lambda: "up" in self.text("s.db.logs/slow.log"), "the trap")
        answers = []
        asking = threading.Thread(target=lambda: answers.append(self.ask("POST", "/v1/units/slow/stop")))
        asking.start()
        self.wait_for("slow", state="stopping")
        self.assertEqual(self.interrupt_daemon(), 0, self.text("err"))
        asking.join()
        self.assertEqual(answers[0][0], 200, answers)

    def test_applies_go_one_after_another(self):
        loose = {"command": SLEEP, "after": []}
        self.run_daemon(a=loose, b=loose)
        tie = lambda one, other: json.dumps({"units": {one: {"command": SLEEP, "after": [other]}}})
        for _ in range(20):
            ends = [local_connection(self.socket) for _ in range(2)]
            for end in ends:
                end.connect()
            for end, body in zip(ends, (tie("a", "b"), tie("b", "a"))):
                end.request("POST", "/v1/apply", body)
            codes = sorted(end.getresponse().status for end in ends)
            for end in ends:
                end.close()
            self.assertEqual(codes, [200, 422])
            self.does("apply", self.units(a=loose, b=loose))


class screen_test(steward_test):
    def run_on(self, out, **units):
        with open(self.at("err"), "ab") as err:
            self.daemon = subprocess.Popen([BINARY, "run", "--db", self.database, "--apply", self.units(**units)], stdin=subprocess.DEVNULL, stdout=out,
                                           stderr=err, cwd=self.folder, env=self.environment, start_new_session=True)
        self.started.append(self.daemon)
        until(self.answers, lambda: f"an answer of the daemon; it said: {self.text('err')}")

    def kill_and_see_it_again(self, key, times):
        for _ in range(times):
            before = self.running(key)
            os.kill(before["pid"], signal.SIGKILL)
            self.wait_for(key, state="running", incarnation=before["incarnation"] + 1)

    def read_until(self, fd, wanted):
        seen = b""

        def more():
            nonlocal seen
            try:
                seen += os.read(fd, 65536)
            except BlockingIOError:
                pass
            return wanted.encode() in seen

        os.set_blocking(fd, False)
        until(more, lambda: f"{wanted!r} on the screen; there is {seen[-1000:]!r}")

    def test_that_was_stopped_stops_nothing_and_shows_the_newest_later(self):
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        self.addCleanup(os.close, theirs)
        self.run_on(theirs, one={"command": SLEEP, "backoff": {"initial": "1ms", "max": "1ms"}})
        self.running("one")
        self.read_until(ours, "Ctrl-C")
        termios.tcflow(theirs, termios.TCOOFF)  # as Ctrl-S
        self.kill_and_see_it_again("one", 4)
        termios.tcflow(theirs, termios.TCOON)
        self.read_until(ours, str(self.running("one")["pid"]))
        self.assertEqual(self.interrupt_daemon(), 0)

    def test_that_nobody_reads_stops_nothing_and_shows_the_newest_later(self):
        ours, theirs = os.pipe()
        self.addCleanup(os.close, ours)
        fcntl.fcntl(theirs, fcntl.F_SETPIPE_SZ, 4096)
        before = fcntl.fcntl(theirs, fcntl.F_GETFL)
        name = "u" * 60
        self.run_on(theirs, **{f"{name}{i}": {"command": SLEEP} for i in range(80)})
        for i in range(80):
            self.running(f"{name}{i}")
        self.assertEqual(fcntl.fcntl(theirs, fcntl.F_GETFL), before, "others write to it too")
        os.close(theirs)
        self.kill_and_see_it_again(f"{name}7", 2)
        self.does("stop", f"{name}7")
        self.read_until(ours, f"{name}7: stopped")
        self.assertEqual(self.interrupt_daemon(), 0)


class left_program_test(steward_test):
    # A keeper that hangs is the one way to keep a program from being gone that any user has.
    def test_that_does_not_end_is_named_by_a_daemon_that_leaves_it_behind(self):
        self.run_daemon(deaf=shell("trap '' TERM; echo up; while :; do sleep 1000; done"))
        self.running("deaf")
        until(lambda: "up" in self.text("s.db.logs/deaf.log"), "the trap")
        self.kill_daemon()
        table = sqlite3.connect(self.database, isolation_level=None)
        table.execute("delete from steward_row")
        table.close()
        self.run_daemon()
        until(lambda: self.ask("GET", "/v1/stragglers")[1]["stragglers"], "the beginning of its end")
        os.kill(self.keeper(), signal.SIGSTOP)
        self.daemon.send_signal(signal.SIGTERM)
        self.ask("GET", "/v1/version")  # is answered after the signal was seen: two at once are one
        self.daemon.send_signal(signal.SIGTERM)
        self.assertEqual(self.daemon.wait(CAP), 3, self.text("err"))
        self.assertRegex(self.text("err"), "steward: .*/units/deaf does not end")

    def test_that_is_not_gone_though_it_was_killed_is_not_waited_for_without_end(self):
        self.run_daemon(deaf=shell("trap '' TERM; echo up; while :; do sleep 1000; done", stop={"deadline": "3s"}, kill_deadline="1s"))
        pid = self.running("deaf")["pid"]
        until(lambda: "up" in self.text("s.db.logs/deaf.log"), "the trap")
        keeper = self.keeper()
        self.kill_daemon()
        table = sqlite3.connect(self.database, isolation_level=None)
        table.execute("update steward_row set wanted = 'down'")
        table.close()
        self.run_daemon()
        self.wait_for("deaf", error=lambda text: text and "is being ended" in text)
        os.kill(keeper, signal.SIGSTOP)
        try:
            line = f"deaf: process {pid}, which a former daemon left, was killed and is not gone; when it is gone, it stays down"
            self.refused(1, line, "stop", "deaf")
            self.refused(1, line, "rm", "deaf")
        finally:
            os.kill(keeper, signal.SIGCONT)
        until_gone(pid)
        until(lambda: not self.unit("deaf"), "it is removed all the same")

    def test_that_is_ended_loses_neither_its_last_words_nor_its_exit(self):
        talks = "trap 'for i in 1 2 3 4 5 6; do echo closing $i; sleep 0.05; done; echo bye; exit 7' TERM; echo up; while :; do sleep 0.01; done"
        self.run_daemon(down=shell(talks), edited=shell(talks))
        before = {key: self.running(key) for key in ("down", "edited")}
        for key in before:
            until(lambda: "up" in self.text(f"s.db.logs/{key}.log"), "the trap")
        self.kill_daemon()
        table = sqlite3.connect(self.database, isolation_level=None)
        table.execute("update steward_row set wanted = 'down' where key = 'down'")
        table.close()
        self.run_daemon("--apply", self.units(edited={"command": SLEEP}))
        until_gone(*[each["pid"] for each in before.values()])
        self.wait_for("edited", state="running", incarnation=2)
        self.wait_for("down", state="stopped", exit=lambda exit: exit is not None)
        for key in before:
            self.assertEqual(self.text(f"s.db.logs/{key}.log").split("\n")[-3:], ["closing 6", "bye", ""], key)
            last = self.unit(key)["exit"]
            self.assertEqual(last["reason"], "stopped", key)
            self.assertLess(last["started_at"], last["ended_at"])
        self.does("rm", "edited")
        self.does("apply", self.units(edited={"command": SLEEP}))
        self.assertIsNone(self.running("edited")["exit"], "a unit of its name does not inherit it")
        told = self.unit("down")["exit"]
        what = lambda exit: [exit[name] for name in ("reason", "error", "code", "signal")]
        self.assertEqual(self.interrupt_daemon(), 0, self.text("err"))
        self.run_daemon()
        self.assertEqual(what(self.wait_for("down", state="stopped")["exit"]), what(told))

    def test_of_a_unit_that_was_edited_meanwhile_is_ended_also_when_its_turn_does_not_come(self):
        self.run_daemon(first={"command": SLEEP}, late={"command": SLEEP, "after": ["first"]})
        late = self.running("late")
        self.does("stop", "first")
        self.kill_daemon()
        self.run_daemon("--apply", self.units(late={"command": ["sleep", "1001"], "after": ["first"]}))
        self.wait_for("late", state="waiting")
        until_gone(late["pid"])
        self.does("start", "first")
        self.wait_for("late", state="running", incarnation=2)

    def test_that_nobody_wants_keeps_no_other_from_being_ended_or_started(self):
        deaf = "trap '' TERM; echo up; while test ! -e leave; do sleep 0.02; done"
        self.run_daemon(first=shell(deaf), second={"command": SLEEP}, third={"command": SLEEP})
        before = {key: self.running(key) for key in ("first", "second", "third")}
        until(lambda: "up" in self.text("s.db.logs/first.log"), "the trap")
        self.kill_daemon()
        table = sqlite3.connect(self.database, isolation_level=None)
        table.execute("update steward_row set wanted = 'down'")
        table.close()
        self.run_daemon()
        until_gone(before["second"]["pid"], before["third"]["pid"])
        self.assertTrue(is_alive(before["first"]["pid"]), "it is given its time")
        self.does("start", "second")
        again = self.running("second")
        self.write("leave", "")
        until_gone(before["first"]["pid"])
        self.assert_still(again)


# Leaves a file behind if the one before it is not gone.
ALONE = """
before=$(cat $0.pid 2>/dev/null) && case $(cut -d' ' -f3 /proc/$before/stat 2>/dev/null) in ''|Z|X) ;; *) touch $0.overlap;; esac
echo $$ > $0.pid
"""
# What a shell has to say of its ends in a pipe that nobody reads any more would be its end.
STUBBORN = ALONE + "trap '' TERM; while :; do sleep 1000; done"
POLITE = ALONE + "exec >/dev/null 2>&1; trap 'echo bye > $0.bye; exit 0' TERM; while :; do sleep 0.02; done"


class killed_with_its_keeper_test(steward_test):
    def unit_of(self, key, script, **keys):
        return {"command": ["/bin/sh", "-c", script, key], "directory": ".", **keys}

    def run_units(self, **units):
        self.run_daemon(**units)
        before = {key: self.running(key) for key in units}
        for key in units:
            until(lambda: self.text(f"{key}.pid").strip(), f"the first line of {key}")
        return before

    def kill_both(self):
        keeper = self.keeper()
        self.kill_daemon()
        os.kill(keeper, signal.SIGKILL)
        until_gone(keeper)

    def assert_anew(self, before):
        now = self.wait_for(before["key"], state="running", incarnation=before["incarnation"] + 1)
        self.assertFalse(is_alive(before["pid"]), f"{before['key']} runs twice")
        until(lambda: self.text(f"{before['key']}.pid").strip() == str(now["pid"]), "its first line")
        self.assertFalse(os.path.exists(self.at(f"{before['key']}.overlap")), f"{before['key']} ran twice")
        self.assertRegex(self.text("err"), f"{before['key']}: process {before['pid']} runs on without a keeper")

    def test_leaves_programs_that_are_ended_before_they_start_anew(self):
        deaf = ALONE + "trap '' TERM; sleep 1000 & echo $! > child; while :; do sleep 1000; done"
        before = self.run_units(polite=self.unit_of("polite", POLITE), deaf=self.unit_of("deaf", deaf, stop={"deadline": "300ms"}),
                                removed=self.unit_of("removed", POLITE))
        child = int(until(lambda: self.text("child").strip(), "the grandchild"))
        self.kill_both()
        table = sqlite3.connect(self.database, isolation_level=None)
        table.execute("delete from steward_row where key = 'removed'")
        table.close()
        self.run_daemon()
        for key in ("polite", "deaf"):
            self.assert_anew(before[key])
        self.assertFalse(is_alive(child), "its whole group is ended")
        until_gone(before["removed"]["pid"])
        self.assertEqual((self.text("polite.bye"), self.text("removed.bye")), ("bye\n", "bye\n"), "each is asked first")
        self.assertEqual(self.interrupt_daemon(), 0, self.text("err"))
        until(lambda: not self.strangers(), "the end of all")
        self.assertFalse(os.path.exists(self.at("s.db.running")))

    def test_is_the_same_when_the_keeper_was_killed_long_before(self):
        before = self.run_units(one=self.unit_of("one", POLITE))
        os.kill(self.keeper(), signal.SIGKILL)
        until(lambda: "there is a new keeper" in self.text("err"), "a new keeper")
        self.kill_daemon()
        self.run_daemon()
        self.assert_anew(before["one"])

    def test_again_and_again_leaves_one_of_each(self):
        before = self.run_units(**{f"u{i}": self.unit_of(f"u{i}", POLITE) for i in range(6)})
        for _ in range(3):
            self.kill_both()
            self.run_daemon()
            for key, was in before.items():
                self.assert_anew(was)
            before = {key: self.running(key) for key in before}

    def test_leaves_one_that_is_wanted_again_while_it_is_ended(self):
        before = self.run_units(deaf=self.unit_of("deaf", STUBBORN, stop={"deadline": "1s"}))
        self.kill_both()
        table = sqlite3.connect(self.database, isolation_level=None)
        table.execute("update steward_row set wanted = 'down'")
        table.close()
        self.run_daemon()
        self.does("start", "deaf")
        self.assertTrue(is_alive(before["deaf"]["pid"]), "too late to see anything")
        self.assert_anew(before["deaf"])

    def leave_one_that_has_to_wait(self, script, **keys):
        """Until its turn has come again, which is never. Yields what it was."""
        self.run_daemon(first={"command": SLEEP}, late=self.unit_of("late", script, after=["first"], **keys))
        late = self.running("late")
        until(lambda: self.text("late.pid").strip(), "its first line")
        self.kill_both()
        self.run_daemon("--apply", self.units(first={"command": SLEEP, "ready": {"after": "1h"}, "start_deadline": "2h", "stop": {"deadline": "100ms"}}))
        self.wait_for("late", state="waiting")
        return late

    def test_leaves_one_that_is_ended_also_when_its_turn_does_not_come(self):
        late = self.leave_one_that_has_to_wait(POLITE)
        until_gone(late["pid"])
        self.assertEqual(self.text("late.bye"), "bye\n", "it is asked first")
        ended = self.wait_for("late", state="waiting", error=None, exit=lambda exit: exit)["exit"]
        self.assertEqual((ended["reason"], ended["ended_at"][:2], ended["started_at"]), ("stopped", "20", None), "nobody has noted when it was started")
        self.assertEqual(self.interrupt_daemon(), 0, self.text("err"))
        self.assertFalse(os.path.exists(self.at("s.db.running")))

    def test_leaves_one_that_is_shown_and_waited_for_by_who_stops_or_removes_it(self):
        late = self.leave_one_that_has_to_wait(STUBBORN, stop={"deadline": "1s"})
        line = f"process {late['pid']}, which a former daemon left, is being ended"
        self.wait_for("late", error=line)
        self.assertIn(line, self.does("explain", "late"))
        shown = [each for each in self.ask("GET", "/v1/stragglers")[1]["stragglers"] if each["key"] == "late"]
        self.assertEqual([(each["pid"], each["incarnation"], each["at"]) for each in shown], [(late["pid"], late["incarnation"], "stops")])
        told = []
        stopping = threading.Thread(target=lambda: told.append((self.steward("stop", "late").out, is_alive(late["pid"]))))
        stopping.start()
        self.wait_for("late", state="stopped")
        self.assertTrue(is_alive(late["pid"]), "too late to see anything")
        self.assertEqual(self.does("rm", "late"), "late is removed\n")
        self.assertFalse(is_alive(late["pid"]), "its removal waits for it")
        stopping.join()
        self.assertEqual(told, [("late is stopped\n", False)])
        self.assertEqual(self.does("stragglers"), "nothing is left over\n")

    def test_leaves_one_that_a_daemon_which_ends_gives_its_time(self):
        slow = POLITE.replace("echo bye", "sleep 6; echo bye")  # longer than the daemon takes for the other one
        late = self.leave_one_that_has_to_wait(slow, stop={"deadline": "1h"})
        self.wait_for("late", error=lambda text: text)
        self.assertEqual(self.interrupt_daemon(), 0, self.text("err"))
        self.assertFalse(is_alive(late["pid"]))
        self.assertEqual(self.text("late.bye"), "bye\n")
        until(lambda: not self.strangers(), "the end of all")

    def test_leaves_one_that_is_ended_when_the_table_can_be_read_again(self):
        page = 4096
        self.run_daemon(first={"command": SLEEP}, late=self.unit_of("late", POLITE, after=["first"]))
        late = self.running("late")
        until(lambda: self.text("late.pid").strip(), "its first line")
        self.kill_both()
        table = sqlite3.connect(self.database, isolation_level=None)
        table.execute("update steward_row set wanted = 'down' where key = 'first'")
        for number in range(200):
            table.execute("insert into steward_row select table_name, ?, value, 'down', generation from steward_row where key = 'late'", (f"z{number}",))
        table.execute("pragma wal_checkpoint(truncate)")
        table.close()
        whole = read_bytes(self.database)
        bad = next(at for at in range(page, len(whole), page) if b"z99" in whole[at:at + page] and b"command" in whole[at:at + page])
        with open(self.database, "r+b") as file:
            file.seek(bad)
            file.write(b"\xff" * page)
        self.run_daemon()
        until(lambda: "what a former daemon left" in self.text("err"), "that the table cannot be read")
        time.sleep(1.5)  # in which it is tried again
        self.assertTrue(is_alive(late["pid"]), "a table that cannot be read ends nothing")
        with open(self.database, "r+b") as file:
            file.seek(bad)
            file.write(whole[bad:bad + page])
        until_gone(late["pid"])
        self.wait_for("late", state="waiting", waiting_for=["first"])

    def test_leaves_one_that_a_stop_of_its_next_start_waits_for(self):
        before = self.run_units(deaf=self.unit_of("deaf", STUBBORN, stop={"deadline": "1s"}))
        self.kill_both()
        self.run_daemon()
        self.wait_for("deaf", state="starting")
        self.assertTrue(is_alive(before["deaf"]["pid"]), "too late to see anything")
        self.does("stop", "deaf")
        self.assertFalse(is_alive(before["deaf"]["pid"]), "told as stopped")
        self.assertNotIn("did not stop in time", self.text("out") + self.does("status"), "nothing of this start had to be killed")

    def test_harms_nobody_else_who_has_the_number(self):
        before = self.run_units(one=self.unit_of("one", POLITE), other=self.unit_of("other", POLITE))
        def another():
            stranger = subprocess.Popen(SLEEP, start_new_session=True)
            self.started.append(stranger)
            return stranger if started_at(stranger.pid) != started_at(before["one"]["pid"]) else None

        stranger = until(another, "a process of another hundredth of a second")
        self.kill_both()
        with open(self.at("s.db.running"), "r+b") as register:
            entries = register.read()
            # Where the entries of the two have the number of the process and the boot: behind length, key, length, boot; behind length, key, length.
            number = entries.index(b"\3\0\0\0one") + 7 + 4 + 36
            boot = entries.index(b"\5\0\0\0other") + 9 + 4
            for at, what in ((number, struct.pack("<I", stranger.pid)), (boot, b"x")):
                register.seek(at)
                register.write(what)
        self.run_daemon()
        for key in before:
            self.assertNotEqual(self.running(key)["pid"], before[key]["pid"])
        self.assertIsNone(stranger.poll(), "another process with that number")
        self.assertTrue(is_alive(before["other"]["pid"]), "a process with that number after another boot")


class crash_loop_test(steward_test):
    KILLS, RESTARTS = 12, 5

    # Each daemon may start once, uncounted, what it does not know to have been started; without a memory each would have the whole budget.
    def test_has_one_budget_over_all_daemons_that_are_killed_at_any_moment(self):
        budget = {"restarts": self.RESTARTS, "window": "1h", "then": "give_up"}
        flop = shell("echo >> flops; exit 1", backoff={"initial": "30ms", "max": "30ms", "jitter": 0}, budget=budget)
        moments = random.Random(7)
        self.run_daemon(flop=flop)
        for _ in range(self.KILLS):
            time.sleep(moments.uniform(0, 0.12))
            self.kill_daemon()
            self.run_daemon()
        self.wait_for("flop", state="gave_up")
        self.assertLessEqual(self.text("flops").count("\n"), 1 + self.RESTARTS + self.KILLS)
        self.assertGreater(self.text("flops").count("\n"), self.RESTARTS)


class many_rows_test(steward_test):
    ROWS = 1_000 if os.environ.get("STEWARD_SANITIZED") else 10_000
    PART = ROWS // 2  # of what is applied at a time: a request has a limit

    def names(self):
        return [f"unit-{i:05}" for i in range(self.ROWS)]

    def fill(self):
        """All to be down, as another program writes them."""
        self.table = sqlite3.connect(self.database, isolation_level=None)
        self.addCleanup(self.table.close)
        self.table.execute("begin immediate")
        name = self.table.execute("select table_name from steward_row").fetchone()[0]
        row = '{"command":["sleep","1000"]}'
        self.table.executemany("insert into steward_row values (?, ?, ?, 'down', ?)", ((name, key, row, i + 10) for i, key in enumerate(self.names())))
        self.table.execute("update steward_meta set value = ? where name = 'generation'", (self.ROWS + 10,))
        self.table.execute("commit")

    def count(self):
        units = json.loads(self.does("status", "--json"))
        self.assertEqual({each["state"] for each in units}, {"stopped"})
        return len(units)

    def test_that_are_down_are_shown_changed_and_removed(self):
        self.run_daemon(first={"command": SLEEP})
        self.does("stop", "first")
        self.fill()
        until(lambda: self.count() == self.ROWS + 1, "all rows")
        names = self.names()
        for part in (names[:self.PART], names[self.PART:]):
            file = self.units(**{key: {"command": ["sleep", "1001"]} for key in part})
            self.assertIn(f" and {self.PART - 100} more\n", self.does("apply", file))
        self.assertEqual(self.does("apply", self.units(**{names[7]: {"command": ["sleep", "1002"]}})), f"changed: {names[7]}\n")
        self.assertEqual(self.count(), self.ROWS + 1, "what was stopped is not started by an edit")
        self.does("rm", *names[:3])
        self.table.execute("begin immediate")
        self.table.execute("delete from steward_row")
        self.table.execute("update steward_meta set value = value + 1 where name = 'generation'")
        self.table.execute("commit")
        until(lambda: self.ask("GET", "/v1/status")[1]["units"] == [], "the end of all rows")
        self.assertEqual(self.interrupt_daemon(), 0)


class completion_test(steward_test):
    def test_is_remembered_at_whatever_moment_the_daemon_is_killed(self):
        keys = [f"u{i}" for i in range(40)]
        self.run_daemon(**{key: shell(f"echo $$ >> {key}.runs; sleep 0.{i % 10}", restart="never") for i, key in enumerate(keys)})
        for _ in range(12):
            time.sleep(random.uniform(0, 0.1))
            self.kill_daemon()
            self.run_daemon()
        for key in keys:
            done = self.wait_for(key, state="completed")
            self.assertEqual(len(self.text(f"{key}.runs").split()), 1, f"{key} ran again")
            self.assertEqual(done["incarnation"], 1)
        self.assertEqual(self.interrupt_daemon(), 0, self.text("err"))
        until(lambda: not self.strangers(), "the end of all")

    def test_while_there_was_no_daemon_is_one_also_of_a_unit_that_had_to_be_ready(self):
        self.run_daemon(once=shell("while test ! -e go; do sleep 0.02; done", restart="on_failure", ready={"after": "1ms"}))
        pid = self.running("once")["pid"]
        self.kill_daemon()
        self.write("go", "")
        until_gone(pid)
        self.run_daemon()
        self.assertEqual(self.wait_for("once", state="completed")["incarnation"], 1)


class lost_log_test(steward_test):
    def delete_logs(self):
        # Aside first: what is written meanwhile would otherwise come into the folder that is being deleted.
        os.rename(self.at("s.db.logs"), self.at("gone"))
        shutil.rmtree(self.at("gone"))

    def test_is_told_when_it_begins_and_when_it_is_over(self):
        self.run_daemon(chatty=shell("while :; do echo talk; sleep 0.01; done"), quiet={"command": SLEEP})
        chatty, quiet = self.running("chatty"), self.running("quiet")
        until(lambda: "talk" in self.text("s.db.logs/chatty.log"), "the output")
        self.delete_logs()
        until(lambda: "talk" in self.text("s.db.logs/chatty.log"), "the output, in a file made again")
        self.assertEqual(self.text("err"), "")
        self.daemon.send_signal(signal.SIGSTOP)  # or it makes it again in between
        self.delete_logs()
        self.write("s.db.logs", "a file in the way")
        self.daemon.send_signal(signal.SIGCONT)
        seen = self.wait_for("chatty", error=lambda text: text)
        self.assertRegex(seen["error"], r"^output cannot be written to .*s\.db\.logs/chatty\.log: Not a directory$")
        self.assert_still(chatty)
        self.assert_still(quiet)
        self.assertIsNone(self.unit("quiet")["error"])
        os.kill(chatty["pid"], signal.SIGKILL)
        self.wait_for("chatty", state="running", incarnation=2, error=seen["error"])
        os.unlink(self.at("s.db.logs"))
        self.wait_for("chatty", state="running", incarnation=2, error=None)
        until(lambda: "talk" in self.text("s.db.logs/chatty.log"), "the output")
        self.assertRegex(self.text("err"), "^steward: chatty: output cannot be written to [^\n]*\nsteward: chatty: output is written to [^\n]* again\n$")


@unittest.skipIf(os.environ.get("STEWARD_SANITIZED"), "sanitizers need descriptors of their own")
class few_descriptors_test(steward_test):
    LIMIT = 64
    KEYS = [f"u{i}" for i in range(25)]  # two descriptors each, and the daemon needs some twenty
    REFUSED = r"^limits: two descriptors for its end and its output, of which the daemon may have 64 \(ulimit -n, LimitNOFILE=\): Too many open files$"

    def up(self):
        self.open_files = (self.LIMIT, self.LIMIT)
        self.run_daemon(**{key: {"command": SLEEP, "backoff": {"initial": "10ms", "max": "100ms"}} for key in self.KEYS})
        return until(self.settled, "all running or refused, and no program that is not shown")

    def settled(self):
        """Who runs and who has no descriptors. Empty while more starts, or a program is not shown."""
        units = self.ask("GET", "/v1/status")[1]["units"]
        running, lacking = ([unit for unit in units if unit["state"] == state] for state in ("running", "backoff"))
        whole = len(running) + len(lacking) == len(units) and {unit["pid"] for unit in running} == self.programs()
        return (running, lacking) if whole and running else None

    def programs(self):
        return below([self.keeper()])

    def test_fail_the_starts_that_have_none_and_nothing_else(self):
        running, lacking = self.up()
        self.assertGreater(len(lacking), 0)
        for unit in lacking:
            self.assertRegex(unit["exit"]["error"], self.REFUSED)
        for unit in running[:12]:
            self.does("rm", unit["key"])
        for unit in lacking:
            self.running(unit["key"])
        for unit in running[12:]:
            self.assert_still(unit)
        self.assertNotIn("keeper", self.text("err"))
        programs, keeper = self.programs(), self.keeper()
        self.assertEqual(len(programs), len(self.KEYS) - 12)
        self.assertEqual(self.interrupt_daemon(signal.SIGTERM), 0, self.text("err"))
        until_gone(keeper, *programs)

    def test_of_a_next_daemon_end_it_in_one_line_and_harm_nothing(self):
        self.up()
        programs = self.programs()
        self.kill_daemon()
        self.open_files = (40, 40)
        said = len(self.text("err"))
        self.assertEqual(self.launch().wait(CAP), 1)
        self.assertRegex(self.text("err")[said:], rf"^steward: the keeper holds {len(programs)} programs: two descriptors for each, of which the daemon "
                         r"may have 40 \(ulimit -n, LimitNOFILE=\): Too many open files\n$")
        self.assertEqual(self.programs(), programs)
        self.open_files = (40, 256)
        self.run_daemon()
        for key in self.KEYS:
            self.running(key)
        self.assertLessEqual(programs, self.programs(), "with as many as it is allowed to have it goes on with them")

    def test_of_programs_are_those_that_the_daemon_was_started_with(self):
        self.open_files = (100, 200)
        self.run_daemon(limit=shell("ulimit -Sn; exec sleep 1000"))
        self.assertEqual(self.first_line("limit"), "100")
        limits = read_bytes(f"/proc/{self.daemon.pid}/limits").decode()
        self.assertRegex(limits, r"Max open files +200 +200 ")


class row_trouble_test(steward_test):
    def edit_row(self, key, value):
        table = sqlite3.connect(self.database, isolation_level=None)
        table.execute("begin immediate")
        table.execute("update steward_meta set value = value + 1 where name = 'generation'")
        table.execute("update steward_row set value = ?, generation = (select value from steward_meta where name = 'generation') where key = ?", (value, key))
        table.execute("commit")
        table.close()

    def look(self):
        """A change makes the daemon look at the whole table."""
        self.does("restart", "other")

    def test_is_told_with_the_unit_and_ends_nothing(self):
        self.run_daemon(good={"command": SLEEP}, other={"command": SLEEP})
        good = self.running("good")
        self.running("other")
        self.assertIsNone(good["error"])
        self.edit_row("good", "{")
        self.look()
        seen = self.wait_for("good", error=lambda text: text)
        self.assertIn("good", self.text("err"))
        self.assertIn(seen["error"], self.text("err"))
        self.assert_still(good)
        self.assertIsNone(self.unit("other")["error"])
        self.edit_row("good", json.dumps({"command": ["sleep", "1001"]}))
        self.look()
        again = self.wait_for("good", state="running", error=None, generation=lambda generation: generation and generation > good["generation"])
        self.assertNotEqual(again["pid"], good["pid"])

    def test_is_forgotten_when_it_is_over(self):
        self.run_daemon(good={"command": SLEEP}, other={"command": SLEEP})
        good = self.running("good")
        self.running("other")
        table = sqlite3.connect(self.database, isolation_level=None)
        was = table.execute("select value from steward_row where key = 'good'").fetchone()[0]
        table.execute("update steward_row set value = '{' where key = 'good'")
        self.look()
        self.wait_for("good", error=lambda text: text)
        table.execute("update steward_row set value = ? where key = 'good'", (was,))
        table.close()

        def well():
            self.look()
            return self.unit("good")["error"] is None

        until(well, lambda: f"no error; there is {self.unit('good')['error']}")
        self.assert_still(good)

    def test_of_a_size_that_no_program_can_have_is_refused(self):
        self.run_daemon(good={"command": SLEEP})
        good = self.running("good")
        large = self.units(large={"command": ["sleep", "1000", *["x" * 100000] * 11]})
        self.refused(2, r"large.*has 11\d{5} bytes of command, directory and environment; it must be at most 1048576", "apply", large)
        body = json.dumps({"units": {"large": {"command": ["/bin/sleep", "1000"], "environment": {f"A{i}": "x" * 100000 for i in range(11)}}}})
        self.assertEqual(self.ask("POST", "/v1/apply", body)[0], 422)
        self.assert_still(good)


class table_trouble_test(steward_test):
    def setUp(self):
        super().setUp()
        self.run_daemon(good={"command": SLEEP}, weak={"command": SLEEP, "backoff": {"initial": "1ms", "max": "1ms"}})
        self.good, weak = self.running("good"), self.running("weak")
        self.weak = weak["pid"]

    def unreadable_since(self):
        return self.ask("GET", "/v1/status")[1]["table"]["unreadable_since"]

    def kill_weak(self):
        """A program that ends asks for its row before it is started again."""
        os.kill(self.weak, signal.SIGKILL)
        until_gone(self.weak)

    def assert_told(self, why):
        self.kill_weak()
        until(self.unreadable_since, "the trouble in the status")
        self.assertRegex(self.steward("status").err, rf"the table cannot be read for .*: .*{why}.*; what runs goes on\n")
        for arguments in (("stop", "good"), ("restart", "good"), ("rm", "good"), ("apply", self.units(more={"command": SLEEP}))):
            self.refused(1, why, *arguments)
        self.assertEqual(self.ask("POST", "/v1/units/good/stop")[0], 503)
        self.assert_still(self.good)

    def assert_well_again(self):
        until(lambda: self.unreadable_since() is None, lambda: f"the end of the trouble; {self.ask('GET', '/v1/status')[1]['table']}")
        self.does("status")  # and says nothing on stderr
        self.does("apply", self.units(more={"command": SLEEP}))
        self.running("more")
        self.running("weak")
        self.assert_still(self.good)

    def test_of_a_lock_refuses_changes_and_nothing_else(self):
        writer = sqlite3.connect(self.database, isolation_level=None)
        writer.execute("begin exclusive")
        self.refused(1, "s.db: locked by another process", "apply", self.units(more={"command": SLEEP}))
        self.assertEqual(self.ask("POST", "/v1/units/good/stop")[0], 503)
        self.kill_weak()
        self.wait_for("weak", state="running", pid=lambda pid: pid != self.weak)
        self.assertIsNone(self.unreadable_since(), "it can be read all the time")
        self.assert_still(self.good)
        writer.execute("rollback")
        writer.close()
        self.assert_well_again()

    def test_of_a_file_moved_away_ends_when_it_is_back(self):
        os.rename(self.database, self.at("elsewhere"))
        self.assert_told("gone: moved or deleted")
        os.rename(self.at("elsewhere"), self.database)
        self.assert_well_again()

    def test_of_a_file_overwritten_with_garbage_ends_nothing(self):
        self.interrupt_daemon()
        self.run_daemon()  # now the file is whole without its log, which could heal it
        self.good, self.weak = self.running("good"), self.running("weak")["pid"]
        with open(self.database, "r+b") as file:
            was = file.read()
            file.seek(0)
            file.write(b"this is no database, " * (len(was) // 20))
        self.assert_told("not a SQLite database|damaged")
        with open(self.database, "r+b") as file:
            file.write(was)
            file.truncate(len(was))
        self.assert_well_again()


if __name__ == "__main__":
    main()
