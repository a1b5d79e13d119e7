import { describe, expect, test } from "vitest";
import { renderFields, renderTable } from "./table.ts";

describe("renderTable", () => {
  test("aligns columns, leaves no blanks at the ends of lines, and shows gaps as -", () => {
    const text = renderTable(
      ["ID", "STATUS", "N"],
      [
        ["a", "accepted", 3],
        ["longer", null, 12],
        ["b", ""],
      ],
    );
    expect(text.split("\n")).toEqual([
      "ID      STATUS    N",
      "a       accepted  3",
      "longer  -         12",
      "b       -         -",
    ]);
  });

  test("counts characters rather than UTF-16 units", () => {
    expect(renderTable(["A", "B"], [["\u{1F3F0}", "x"]])).toBe("A  B\n\u{1F3F0}  x");
  });

  test("a cell cannot move the cursor, break the line or turn the text round", () => {
    const text = renderTable(["NAME"], [["a\u001B[2Jb\nc\u009Bd\u202Ee"]]);
    expect(text).toBe("NAME\na\uFFFD[2Jb\uFFFDc\uFFFDd\uFFFDe");
  });
});

describe("renderFields", () => {
  test("aligns the values", () => {
    expect(
      renderFields([
        ["Id", "x"],
        ["Address", undefined],
      ]),
    ).toBe("Id       x\nAddress  -");
  });
});
