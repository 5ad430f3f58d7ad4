"""The question bank: one TOML file per question, its loader and its lint. Imports `examsite.domain` only.

The bank in this folder is open: anybody may read it. Confidential sets use the same format in a folder of their own
under `instance/`, and are read by the same loader with another root.

A file lies at `<root>/<subject>/<topic>/<ID>.toml`; subject and topic are folder names, the id is the file name.
Subjects: `management`, `cadre-work`, `public-service`, `essay`. The format, version 1, by example:

```toml
format = 1
id = "MAN-PLAN-01"            # equals the file name
kind = "single"               # single, multiple, true_false, numeric, ordering, essay
difficulty = 2                # 1 easy, 2 medium, 3 hard

[stem]                        # Vietnamese is authoritative, English stands beside it
vi = "Việc nào thuộc về bước lập kế hoạch?"
en = "Which act belongs to planning?"

[[options]]                   # keys a, b, c ... in the order of the file; not for numeric and essay
key = "a"
vi = "Xác định mục tiêu và nguồn lực"
en = "Setting the goals and the means"
correct = true                # true on exactly one (single, true_false) or on several (multiple); left out = false

[[options]]
key = "b"
vi = "So sánh kết quả với chỉ tiêu"
en = "Comparing results with targets"

[source]                      # author and work, a named document, or "Tình huống tự soạn" (own case)
vi = "Henri Fayol, Administration industrielle et générale (1916)"
en = "Henri Fayol, Administration industrielle et générale (1916)"
```

`true_false` has two options, a = true and b = false. The other kinds replace `correct`:

```toml
[answer]                      # kind = "numeric": number as text or TOML number, at most two decimals
value = "14.08"
tolerance = "0.01"            # both ends count as right
unit = { vi = "%", en = "%" }

[answer]                      # kind = "ordering": all option keys in their right order
order = ["c", "a", "d", "b"]
```

An essay has points and a rubric, whose levels go from 0 to the maximum in steps of 5:

```toml
points = 30

[[criteria]]
key = "a"
vi = "Phân tích đúng nguyên nhân"
en = "Finds the real causes"
maximum = 10

[[criteria.levels]]
points = 0
vi = "Không nêu được nguyên nhân."
en = "Names no cause."

[[criteria.levels]]
points = 5
vi = "Nêu được nguyên nhân chính."
en = "Names the main cause."

[[criteria.levels]]
points = 10
vi = "Nêu đủ nguyên nhân, có căn cứ từ tình huống."
en = "Names all causes with evidence from the case."
```

Command: `python -m question_bank check | list | show ID [--path DIR]`.

Decision: TOML and not YAML or JSON, because the standard library reads it, it keeps comments, and it has no surprises
for authors who are no programmers.
"""
