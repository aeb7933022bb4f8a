"""Random labs on bad days: links that lose, delay, reorder, double and damage frames, and that go
down for a while. Everything is drawn from the seed, as the labs themselves are."""
import random_lab


class TroubledLab(random_lab.RandomLab):
    """`is_silent`: some damage passes the frame check and is left to higher layers."""

    def __init__(self, seed, folder, is_silent=False):
        self.is_silent = is_silent
        self.faults = []
        super().__init__(seed, folder)

    def add_link(self, a, b, rate, delay, **options):
        if self.rng.random() < 0.4:
            options |= self.draw_conditions(delay)
        super().add_link(a, b, rate, delay, **options)

    def share(self, most_percent):
        return f"{self.rng.randint(1, most_percent * 100) / 100}%"

    def draw_conditions(self, delay):
        drawn = {
            "loss": self.share(3),
            "jitter": f"{self.rng.randint(1, delay)}ns",
            "reorder": self.share(5),
            "duplicate": self.share(5),
            "corrupt": self.share(2),
            "queue": self.rng.randint(20, 200),
        }
        if self.is_silent:
            drawn["corrupt_silent"] = self.share(2)
            drawn["corrupt_bits"] = self.rng.randint(1, 40)
        chosen = self.rng.sample(sorted(drawn), self.rng.randint(1, 3))
        if "loss" in chosen and self.rng.random() < 0.3:
            drawn["loss_burst"] = self.rng.randint(2, 4)
            chosen.append("loss_burst")
        return {key: drawn[key] for key in chosen}

    def draw_faults(self):
        """Up to three, within the time that most pages take; the pairs have one link each."""
        names = [f"{a}-{b}" for a, b, _ in self.links]
        names = [name for name in names if names.count(name) == 1]
        for _ in range(self.rng.randint(0, 3)):
            options = {"at": f"{self.rng.randint(0, 1500)}ms", "link": self.rng.choice(names)}
            if self.rng.random() < 0.5:
                options["down"] = f"{self.rng.randint(1, 600)}ms"
            else:
                options |= {"loss": self.share(20), "delay": f"{self.rng.randint(1, 50)}ms",
                            "for": f"{self.rng.randint(1, 900)}ms"}
            self.faults.append(options)

    def text(self):
        self.draw_faults()
        lines = [f"  - {random_lab.flow(fault)}" for fault in self.faults]
        return super().text() + ("faults:\n" + "\n".join(lines) + "\n" if lines else "")
