import { signal, type Signal } from "@preact/signals";

/** A choice of this browser, kept between visits. A browser that keeps nothing has the first choice each time. */
export function storedChoice<Choice extends string>(
  name: string,
  choices: readonly [Choice, ...Choice[]],
): Signal<Choice> {
  const key = `sigma.${name}`;
  const choice = signal<Choice>(choices.find((one) => one === read(key)) ?? choices[0]);
  choice.subscribe((value) => write(key, value));
  return choice;
}

/** A text of this browser, kept between visits. */
export function storedText(name: string): Signal<string> {
  const key = `sigma.${name}`;
  const text = signal(read(key) ?? "");
  text.subscribe((value) => write(key, value));
  return text;
}

/** The choice after this one, and the first after the last. */
export function nextOf<Choice>(choices: readonly Choice[], now: Choice): Choice {
  return choices[(choices.indexOf(now) + 1) % choices.length] ?? now;
}

function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function write(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // The choice lasts as long as the page.
  }
}
