/**
 * What one change alone does to the set of accepted payloads. A change that narrows may break backward compatibility; one that
 * widens, forward compatibility; one that changes, both. A note breaks nothing.
 */
export type Effect = "narrows" | "widens" | "changes" | "notes";

/** Every kind of change a diff can report. The ids are stable; the documentation prints this table. */
export const CHANGE_RULES = {
  "type-removed": { effect: "narrows", meaning: "A type of value is no longer accepted" },
  "type-added": { effect: "widens", meaning: "Another type of value is accepted" },
  "enum-value-removed": { effect: "narrows", meaning: "A listed value is no longer accepted" },
  "enum-value-added": { effect: "widens", meaning: "Another value is listed" },
  "const-changed": { effect: "changes", meaning: "The only accepted value is another one" },
  "bound-tightened": { effect: "narrows", meaning: "A minimum was raised or a maximum lowered" },
  "bound-loosened": { effect: "widens", meaning: "A minimum was lowered or a maximum raised" },
  "multiple-tightened": { effect: "narrows", meaning: "The new `multipleOf` is a multiple of the old one" },
  "multiple-loosened": { effect: "widens", meaning: "The old `multipleOf` is a multiple of the new one" },
  "multiple-changed": { effect: "changes", meaning: "Neither `multipleOf` divides the other" },
  "pattern-changed": { effect: "changes", meaning: "Texts must match another pattern" },
  "property-required": { effect: "narrows", meaning: "A property that was optional is required" },
  "property-optional": { effect: "widens", meaning: "A property that was required is optional" },
  "property-added-required": { effect: "narrows", meaning: "A property was added and is required" },
  "property-removed-required": { effect: "changes", meaning: "A required property was removed" },
  "property-added-to-closed": { effect: "widens", meaning: "A closed object takes one more, optional property" },
  "property-removed-from-closed": { effect: "narrows", meaning: "A closed object no longer takes the property" },
  "property-added-to-open": {
    effect: "narrows",
    meaning: "An open object constrains a property that could hold anything before",
  },
  "property-removed-from-open": { effect: "widens", meaning: "An open object no longer constrains the property" },
  "object-closed": { effect: "narrows", meaning: "Properties that are not listed are no longer accepted" },
  "object-opened": { effect: "widens", meaning: "Properties that are not listed are accepted" },
  "dependency-added": { effect: "narrows", meaning: "A property needs another one beside it" },
  "dependency-removed": { effect: "widens", meaning: "A property no longer needs another one beside it" },
  "branch-removed": { effect: "narrows", meaning: "An alternative of `anyOf` was removed" },
  "branch-added": { effect: "widens", meaning: "An alternative of `anyOf` was added" },
  "one-of-branch-removed": {
    effect: "changes",
    meaning: "A branch of `oneOf` was removed; what it shared with another branch is accepted now",
  },
  "one-of-branch-added": {
    effect: "changes",
    meaning: "A branch of `oneOf` was added; what it shares with another branch is refused now",
  },
  "condition-changed": { effect: "changes", meaning: "Another condition decides which branch applies" },
  "constraint-added": { effect: "narrows", meaning: "A keyword that asserts something was added" },
  "constraint-removed": { effect: "widens", meaning: "A keyword that asserts something was removed" },
  "constraint-changed": { effect: "changes", meaning: "A keyword that asserts something was changed" },
  "rule-added": { effect: "narrows", meaning: "A business rule was added" },
  "rule-removed": { effect: "widens", meaning: "A business rule was removed" },
  "rule-changed": { effect: "changes", meaning: "The expression of a business rule was changed" },
  "rule-message-changed": { effect: "notes", meaning: "The words or the id of a business rule were changed" },
  "identity-changed": {
    effect: "changes",
    meaning:
      "The fields that name the fact changed: the same fact gets another id, and duplicates are not recognised across versions",
  },
  "format-added": { effect: "narrows", meaning: "Texts must be of a format" },
  "format-removed": { effect: "widens", meaning: "Texts need no longer be of a format" },
  "format-changed": { effect: "changes", meaning: "Texts must be of another format" },
  "formats-asserted": { effect: "narrows", meaning: "`formats: assert`: every `format` became something to keep" },
  "formats-annotated": { effect: "widens", meaning: "`formats: annotate`: every `format` became a note" },
  "integer-range-changed": {
    effect: "changes",
    meaning: "`int64` or `int32` changed: how large an integer may be, and whether one beyond 2^53 is kept",
  },
  "format-note-changed": { effect: "notes", meaning: "A `format` that asserts nothing changed" },
  "annotation-changed": { effect: "notes", meaning: "A description, title, example or another note changed" },
} as const;

export type ChangeRule = keyof typeof CHANGE_RULES;
