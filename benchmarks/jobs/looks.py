"""How web pages look: three component libraries' manner in CSS of our own, and what a drift adds to each."""

from benchmarks.jobs.drift import Drift

LOOKS = ("bootstrap", "material", "classic")

_COMMON = """
*{box-sizing:border-box} body{margin:0} a{cursor:pointer}
.hidden{display:none!important} .row{display:flex;gap:16px} .row>*{flex:1} form.plain{display:inline}
.topbanner{height:60px;line-height:60px;padding:0 24px;background:#fff3cd;color:#664d03;border-bottom:1px solid #e0c878}
.cookies{position:fixed;left:0;right:0;bottom:0;padding:16px 24px;background:#343a40;color:#fff;z-index:50}
.shade{position:fixed;inset:0;background:rgba(0,0,0,.45);z-index:60}
.dialog{position:absolute;left:50%;top:30%;width:420px;margin-left:-210px;background:#fff;color:#222;padding:24px;border-radius:6px}
.trapped{position:relative;display:inline-block} .trapped .over{position:absolute;left:0;top:0;width:100%;height:100%;z-index:40}
.over button{width:100%;height:100%;margin:0;background:#c62828!important;color:#fff!important;border:0}
.board{display:flex;gap:14px;align-items:stretch} .column{flex:1;min-height:420px;padding:10px;user-select:none}
.column h3{margin:2px 4px 12px} .ticket{padding:10px;margin-bottom:10px;cursor:grab;user-select:none} .ticket small{display:block}
.calendar{position:absolute;z-index:20;background:#fff;color:#222;border:1px solid #999;padding:10px;margin-top:4px}
.calendar table{border-collapse:collapse;margin:0} .calendar td,.calendar th{width:40px;height:34px;text-align:center;padding:0;border:0}
.calendar td.day{cursor:pointer} .calendar .head{display:flex;justify-content:space-between;align-items:center;margin-bottom:6px}
.calendar .turn{padding:4px 12px;cursor:pointer;border:1px solid #999;background:#eee;color:#222;margin:0;border-radius:3px}
.track{position:relative;height:8px;margin:26px 12px;border-radius:4px;background:#bbb;width:520px}
.knob{position:absolute;top:-10px;width:28px;height:28px;margin-left:-14px;border-radius:50%;background:#1b66c9;cursor:grab}
dl.facts{display:grid;grid-template-columns:190px 1fr;gap:9px 12px;margin:12px 0} dl.facts dt{opacity:.75} dl.facts dd{margin:0}
"""

_BOOTSTRAP = """
body{font:16px/1.5 'Liberation Sans',sans-serif;background:#fff;color:#212529}
nav{background:#212529;color:#fff;display:flex;align-items:center;gap:20px;padding:10px 24px} nav b{font-size:19px} nav a{color:#dee2e6}
nav form{margin-left:auto} main{max-width:1000px;margin:20px auto;padding:0 20px} h1{font-size:26px;margin:0 0 12px;font-weight:500}
input,select,textarea{font:inherit;padding:6px 12px;border:1px solid #ced4da;border-radius:6px;background:#fff;color:#212529}
.field{margin-bottom:14px} .field label.name{display:block;margin-bottom:4px} .field input[type=text],.field select,.field textarea{width:420px}
.option{display:block;margin:4px 0} .option input{margin-right:8px;width:16px;height:16px;vertical-align:-2px}
button,.button{font:inherit;padding:6px 16px;border:1px solid #0d6efd;border-radius:6px;background:#0d6efd;color:#fff;cursor:pointer;text-decoration:none;display:inline-block}
.second{background:#fff;color:#6c757d;border-color:#6c757d} .danger{background:#fff;color:#dc3545;border-color:#dc3545}
table.data{border-collapse:collapse;width:100%} table.data td,table.data th{padding:8px;border-bottom:1px solid #dee2e6;text-align:left}
.card{border:1px solid #dee2e6;border-radius:6px;padding:16px;margin-bottom:16px}
.note{background:#d1e7dd;color:#0f5132;padding:12px 16px;border-radius:6px;margin-bottom:16px} .column{background:#f1f3f5;border-radius:6px}
.ticket{background:#fff;border:1px solid #ced4da;border-radius:6px}
"""

_MATERIAL = """
body{font:15px/1.55 'DejaVu Sans','Liberation Sans',sans-serif;background:#fef7ff;color:#1d1b20}
nav{background:#6750a4;color:#fff;display:flex;align-items:center;gap:24px;padding:14px 28px;box-shadow:0 2px 4px rgba(0,0,0,.3)} nav b{font-size:18px}
nav a{color:#eaddff} nav form{margin-left:auto} main{max-width:980px;margin:24px auto;padding:0 16px} h1{font-size:24px;font-weight:400;margin:0 0 14px}
input,select,textarea{font:inherit;padding:9px 14px;border:0;border-bottom:2px solid #79747e;border-radius:4px 4px 0 0;background:#e7e0ec;color:#1d1b20}
.field{margin-bottom:18px} .field label.name{display:block;font-size:13px;color:#6750a4;margin-bottom:2px}
.field input[type=text],.field select,.field textarea{width:400px}
.option{display:inline-block;margin:6px 22px 6px 0} .option input{margin-right:9px;width:18px;height:18px;vertical-align:-4px;accent-color:#6750a4}
button,.button{font:inherit;font-weight:bold;padding:9px 24px;border:0;border-radius:20px;background:#6750a4;color:#fff;cursor:pointer;text-decoration:none;display:inline-block}
.second{background:#e8def8;color:#4a4458} .danger{background:#f9dedc;color:#8c1d18}
table.data{border-collapse:collapse;width:100%;background:#fff;box-shadow:0 1px 3px rgba(0,0,0,.3)}
table.data td,table.data th{padding:11px 14px;border-bottom:1px solid #e7e0ec;text-align:left} table.data th{font-size:13px;color:#6750a4}
.card{background:#fff;border-radius:12px;padding:20px;margin-bottom:18px;box-shadow:0 1px 3px rgba(0,0,0,.3)}
.note{background:#e8f5e9;color:#1b5e20;padding:14px 18px;border-radius:12px;margin-bottom:18px} .column{background:#ece6f0;border-radius:12px}
.ticket{background:#fff;border-radius:10px;box-shadow:0 1px 3px rgba(0,0,0,.35)} .knob,.track i{background:#6750a4}
"""

_CLASSIC = """
body{font:14px/1.4 'Liberation Sans',sans-serif;background:#fff;color:#000} nav{background:#d6dce5;border-bottom:2px solid #7f8fa6;padding:6px 10px;display:flex;gap:14px;align-items:center}
nav form{margin-left:30px} nav a{color:#00329b;text-decoration:underline} main{margin:10px 14px;max-width:1020px} h1{font-size:19px;margin:4px 0 10px;border-bottom:1px solid #999}
input,select,textarea{font:inherit;padding:2px 4px;border:1px solid #767676;background:#fff;color:inherit;border-radius:0}
.field{display:flex;margin-bottom:7px;align-items:center} .field label.name{width:180px} .field input[type=text],.field select{width:280px} .field textarea{width:520px}
.option{margin-right:18px} .option input{margin-right:4px;width:13px;height:13px}
button,.button{font:inherit;padding:3px 14px;border:1px solid #767676;border-radius:2px;background:#efefef;color:#000;cursor:pointer;text-decoration:none;display:inline-block}
table.data{border-collapse:collapse} table.data td,table.data th{padding:4px 10px;border:1px solid #a0a0a0;text-align:left} table.data th{background:#d6dce5}
.card{border:1px solid #a0a0a0;padding:8px 12px;margin-bottom:12px} .note{background:#ffffe1;border:1px solid #a0a000;padding:6px 10px;margin-bottom:10px}
.column{border:1px solid #a0a0a0;background:#f4f4f4} .ticket{background:#fff;border:1px solid #666}
"""

_DARK = """
body,.card,.column,.dialog,.calendar{background:#1c1f24!important;color:#e4e6ea!important} nav{background:#101215!important;color:#fff!important}
input,select,textarea{background:#2a2e35!important;color:#f0f0f0!important;border-color:#5a606b!important} .ticket,table.data{background:#2a2e35!important;color:#eee}
.second,.danger{background:#2a2e35!important;color:#cfd3da!important} td,th{border-color:#444!important} table.data th{background:#2a2e35!important} a{color:#8ab4f8!important} a.button{color:#fff!important}
.note{background:#1e3a2c!important;color:#c8f0d8!important} .field label.name,h1{color:#e4e6ea!important}
"""

_OF = {"bootstrap": _BOOTSTRAP, "material": _MATERIAL, "classic": _CLASSIC}


def css(look: str, drift: Drift) -> str:
    """The style sheet of a look under a drift."""
    parts = [_COMMON, _OF[look]]
    if drift.dark:
        parts.append(_DARK)
    if drift.serif:
        parts.append("body{font-family:'Liberation Serif','DejaVu Serif',serif!important}")
    if drift.larger_font:
        parts.append("body{font-size:19px!important}")
    if drift.scale != 1.0:
        parts.append(f"body{{zoom:{drift.scale}}}")
    return "\n".join(parts)
