type Control = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

interface Entry {
  control: Control;
  /** Which of the controls of the same kind, name and id it is. */
  readonly place: string;
  value: string;
  isChecked: boolean;
  /** Whether it differs from what the server has rendered; React resets some controls, so that it does not later. */
  isEdited: boolean;
}

/**
 * What the user enters before the page is alive.
 *
 * React knows nothing of it: an input with state keeps its text, but the state stays empty; and where a text differs from
 * the server's (a translated word, a local time), React renders the page anew, with new and empty inputs.
 */
export class Typed {
  readonly #document: Document;
  readonly #entries = new Map<Control, Entry>();
  #focused: Control | undefined;

  constructor(document: Document) {
    this.#document = document;
    for (const control of controls(document)) if (isEdited(control)) this.#note(control);
    for (const type of EVENTS) document.addEventListener(type, this.#onEvent, true);
    if (isControl(document.activeElement)) this.#note(document.activeElement, true);
  }

  /** The page is alive: each control has what was entered, and the application is notified as if it was entered now. */
  restore(): void {
    for (const type of EVENTS) this.#document.removeEventListener(type, this.#onEvent, true);
    const focused = this.#focused && this.#entries.get(this.#focused);
    if (focused && !focused.control.isConnected) this.#find(focused.place)?.focus();
    for (const entry of this.#entries.values()) {
      if (!entry.isEdited) continue;
      const control = entry.control.isConnected ? entry.control : this.#find(entry.place);
      if (control) enter(control, entry);
    }
  }

  readonly #onEvent = ({ type, target }: Event) => {
    if (isControl(target)) this.#note(target, type === "focusin");
  };

  #note(control: Control, isFocused = false): void {
    if (isFocused) this.#focused = control;
    const known = this.#entries.get(control);
    const place = known?.place ?? this.#place(control);
    const isChecked = "checked" in control && control.checked;
    const entry = { control, place, value: control.value, isChecked, isEdited: isEdited(control) };
    this.#entries.set(control, entry);
  }

  #place(control: Control): string {
    const kind = kindOf(control);
    const alike = controls(this.#document).filter((other) => kindOf(other) === kind);
    return `${kind} ${alike.indexOf(control)}`;
  }

  #find(place: string): Control | undefined {
    return controls(this.#document).find((control) => this.#place(control) === place);
  }
}

const EVENTS = ["input", "change", "focusin"] as const;

function controls(document: Document): Control[] {
  return [...document.querySelectorAll<Control>("input, textarea, select")].filter(isControl);
}

/** Files cannot be put back by a script, and nothing is typed into buttons. */
const OTHERS = ["hidden", "file", "submit", "button", "reset", "image"];

function isControl(target: unknown): target is Control {
  if (target instanceof HTMLInputElement) return !OTHERS.includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}

function kindOf(control: Control): string {
  const value = isTicked(control) ? control.value : "";
  return [control.tagName, control.type, control.name, control.id, value].join(" ");
}

function isTicked(control: Control): control is HTMLInputElement {
  return control instanceof HTMLInputElement && (control.type === "checkbox" || control.type === "radio");
}

function isEdited(control: Control): boolean {
  if (isTicked(control)) return control.checked !== control.defaultChecked;
  if (!(control instanceof HTMLSelectElement)) return control.value !== control.defaultValue;
  return [...control.options].some((option) => option.selected !== option.defaultSelected);
}

function enter(control: Control, { value, isChecked }: Entry): void {
  if (isTicked(control)) {
    if (control.type === "radio" && !isChecked) return; // the one that is chosen now ends it
    control.checked = !isChecked;
    control.click();
    return;
  }
  const isText = !(control instanceof HTMLSelectElement);
  const [start, end] = isText ? selection(control) : [null, null];
  // React notices what differs from the value that was set last through the control itself, hence the prototype's setter.
  control.value = isText ? control.defaultValue : "";
  Object.getOwnPropertyDescriptor(Object.getPrototypeOf(control), "value")?.set?.call(control, value);
  if (isText && start !== null && control === control.ownerDocument.activeElement) {
    control.setSelectionRange(start, end);
  }
  control.dispatchEvent(new Event("input", { bubbles: true }));
  if (!isText) control.dispatchEvent(new Event("change", { bubbles: true }));
}

/** Where the caret is; inputs for dates and numbers have none. */
function selection(control: HTMLInputElement | HTMLTextAreaElement): readonly [number | null, number | null] {
  return [control.selectionStart, control.selectionEnd];
}
