// Counts sets, holds and rests on the patient's card. Says each change politely; the running seconds are only shown.

const shown = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;

/** The steps of an exercise in order: what to do, and for how long where it is timed. */
function plan({ sets, reps, hold, rest }) {
  const steps = [];
  for (let set = 1; set <= sets; set += 1) {
    const held = hold > 0 && reps <= 1;
    const what = reps > 1 ? `${reps} times${hold > 0 ? `, hold ${hold} s` : ""}` : held ? `hold ${hold} s` : "go";
    steps.push({ phase: "work", set, seconds: held ? hold : 0, words: `Set ${set} of ${sets} · ${what}` });
    if (rest > 0 && set < sets) steps.push({ phase: "rest", set, seconds: rest, words: `Rest ${rest} s · set ${set + 1} is next` });
  }
  return steps;
}

class Timer {
  constructor(box) {
    const number = (name) => Number(box.dataset[name] ?? 0);
    this.box = box;
    this.steps = plan({ sets: number("sets"), reps: number("reps"), hold: number("hold"), rest: number("rest") });
    this.clock = box.querySelector("[data-clock]");
    this.step = box.querySelector("[data-step]");
    this.go = box.querySelector("[data-go]");
    this.skip = box.querySelector("[data-skip]");
    this.again = box.querySelector("[data-reset]");
    this.said = box.querySelector("[data-said]");
    this.go.addEventListener("click", () => this.press());
    this.skip.addEventListener("click", () => this.next());
    this.again.addEventListener("click", () => this.reset());
    box.hidden = false;
    this.reset();
  }

  get current() {
    return this.steps[this.at];
  }

  reset() {
    this.stop();
    this.at = 0;
    this.begun = false;
    this.passed = 0;
    this.show();
  }

  stop() {
    clearInterval(this.ticking);
    this.ticking = 0;
  }

  /** Start, pause, or "set done", by where the exercise stands. */
  press() {
    if (!this.current) return this.reset();
    if (!this.begun) {
      this.begun = true;
      this.say(this.current.words);
      this.run();
    } else if (this.current.phase === "work" && this.current.seconds === 0) {
      this.next();
      return;
    } else if (this.ticking) {
      this.stop();
    } else {
      this.run();
    }
    this.show();
  }

  run() {
    // By the wall clock: a telephone that sleeps does not slow the rest down.
    const from = Date.now() - this.passed * 1000;
    this.stop();
    this.ticking = setInterval(() => {
      this.passed = Math.floor((Date.now() - from) / 1000);
      if (this.current.seconds > 0 && this.passed >= this.current.seconds) this.next();
      else this.show();
    }, 250);
  }

  next() {
    const before = this.current;
    this.stop();
    if (before?.phase === "work") this.fill(before.set);
    this.at += 1;
    this.passed = 0;
    if (this.current) {
      this.say(this.current.words);
      this.run();
      navigator.vibrate?.(before.phase === "rest" ? 200 : 60);
    } else {
      this.say("All sets are done. Now write down how it went.");
    }
    this.show();
  }

  /** Writes the sets done into the form, where the person can still change them. */
  fill(sets) {
    const field = this.box.closest("form")?.elements.namedItem(this.box.dataset.fills ?? "");
    if (!field) return;
    field.value = String(sets);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  say(words) {
    this.said.textContent = words;
  }

  show() {
    const step = this.current;
    const left = step?.seconds > 0 ? step.seconds - this.passed : this.passed;
    this.box.dataset.phase = step ? step.phase : "done";
    this.clock.textContent = shown(Math.max(0, left));
    this.step.textContent = step ? step.words : "All sets done";
    this.go.textContent = this.label(step);
    this.skip.hidden = !(this.begun && step?.seconds > 0);
    this.again.hidden = !this.begun || !step;
  }

  label(step) {
    if (!step) return "Start again";
    if (!this.begun) return "Start";
    if (step.phase === "work" && step.seconds === 0) return "Set done";
    return this.ticking ? "Pause" : "Go on";
  }
}

document.querySelectorAll("[data-timer]").forEach((box) => new Timer(box));
