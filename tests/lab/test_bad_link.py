"""A link that loses, delays, reorders, doubles and damages frames, and what catches the damage."""
import orrery_lab

SCENARIO = "bad-link.yaml"
CHECKS = ("link.bad-fcs", "ipv4.bad-checksum", "tcp.bad-checksum", "udp.bad-checksum")


def has_comment(frame, start, part=""):
    return any(comment.startswith(start) and part in comment for comment in frame.comments)


def test_every_expectation_holds_and_each_check_catches_something(bench):
    report = bench.run_json("run", bench.scenario(SCENARIO))
    drops = report["summary"]["drops"]
    for reason in (*CHECKS, "link.loss"):
        assert drops.get(reason, 0) > 0, f"nothing was dropped for {reason}: {drops}"


def test_captures_say_which_frames_were_damaged(bench):
    report, captures = bench.run_captured(bench.scenario(SCENARIO))
    frames = [frame for capture in captures.all for frame in capture.frames]
    damaged = [frame for frame in frames if has_comment(frame, "link.corrupted: ")]
    caught = sum(report["summary"]["drops"][reason] for reason in CHECKS)
    assert len(damaged) >= caught, f"{len(damaged)} damaged frames, {caught} caught"
    for reason in CHECKS:  # a NAT sends damaged segments on; a later node may catch them
        among = damaged if reason == "link.bad-fcs" else frames
        found = sum(has_comment(frame, "packet.dropped: ", reason) for frame in among)
        assert found == report["summary"]["drops"][reason], f"{found} comments of {reason}: {report['drops']}"
    assert any(has_comment(frame, "link.duplicated: ") for frame in frames), "no copy is marked"


def test_the_same_seed_does_the_same_damage(bench):
    first, again = (bench.run_json("run", bench.scenario(SCENARIO)) for _ in range(2))
    assert first == again, "two runs differ"


if __name__ == "__main__":
    orrery_lab.main(globals())
