#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the daemon has to bear: slow ends, clients and terminals that stand still, and a table that is taken away."""
import fcntl
import json
import os
import pty
import select
import signal
import socket
import sqlite3
import subprocess
import termios
import threading

from steward_under_test import BINARY, CAP, is_alive, local_connection, main, shell, steward_test, until, until_gone

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
    def test_that_was_started_again_in_time_is_not_ended(self):
        leaver = "trap '' TERM; echo up; while test ! -e leave; do sleep 0.02; done"
        units = {"first": shell(leaver), "second": {"command": SLEEP}, "third": {"command": SLEEP}}
        self.run_daemon()
        for key, what in units.items():  # they are ended in the order in which they were started
            self.does("apply", self.units(**{key: what}))
            self.running(key)
        before = {key: self.unit(key) for key in units}
        until(lambda: "up" in self.text("s.db.logs/first.log"), "the trap")
        self.kill_daemon()
        table = sqlite3.connect(self.database, isolation_level=None)
        table.execute("update steward_row set wanted = 'down'")
        table.close()
        self.run_daemon()
        self.does("start", "second")
        again = self.running("second")
        self.assertEqual(again["pid"], before["second"]["pid"])
        self.write("leave", "")
        until_gone(before["first"]["pid"], before["third"]["pid"])
        self.assert_still(again)


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
