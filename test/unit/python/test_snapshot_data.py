"""Arrays, data frames and models come back whole, quickly, and sharing what they shared."""

from __future__ import annotations

import time

import numpy
from slipway_session import snapshot
from snapshot_sessions import Session, entry


def test_views_keep_sharing_the_memory_of_their_array(session: Session) -> None:
    session.run(
        "import numpy as np\na = np.arange(100_000.0)\nb = a[10:20]\nc = a.reshape(100, 1000)\n"
        "d = a[::-2]\ne = c.T\nfixed = a[:5]\nfixed.flags.writeable = False\n"
        "objects = np.array([1, 'x', None], dtype=object)\ntail = objects[1:]\n"
    )
    session.save()
    session.restore(
        "b[0] = -7.0\nassert a[10] == -7 and c[0, 10] == -7 and e[10, 0] == -7\n"
        "a[-1] = 3\nassert d[0] == 3 and d.shape == (50_000,)\n"
        "a[0] = 8\nassert fixed[0] == 8 and not fixed.flags.writeable\n"
        "tail[0] = 'y'\nassert objects.tolist() == [1, 'y', None]\n"
    )


def test_arrays_of_dates_are_mapped_and_keep_their_views(session: Session) -> None:
    session.run(
        "import numpy as np\nt = np.arange('2000', '2100', dtype='M8[h]').reshape(-1, 24)\n"
        "u = t[1:3]\nf = np.asfortranarray(t)\ng = f[:, 5]\nexpected = t.tolist()\n"
    )
    manifest = session.save(names=["t", "u", "f", "g"])
    assert sum(len(group["buffers"]) for group in manifest["groups"]) == 2
    session.restore(
        "import numpy as np\nassert t.shape == (36525, 24) and str(t[0, 1]) == '2000-01-01T01'\n"
        "u[0, 0] = t[0, 0]\nassert t[1, 0] == t[0, 0]\n"
        "g[7] = t[0, 0]\nassert f[7, 5] == t[0, 0] and f.flags.f_contiguous\n"
    )


def test_restored_arrays_keep_sharing_when_they_are_saved_again(session: Session) -> None:
    session.namespace["a"] = numpy.arange(100_000.0)
    session.namespace["b"] = session.namespace["a"][5:]
    session.save()
    snapshot.load(session.namespace, session.directory)
    session.save()
    session.restore("b[0] = -1\nassert a[5] == -1 and a.nbytes == 800_000")


def test_columns_of_a_table_that_has_gone_are_saved_whole(session: Session) -> None:
    session.run("import numpy as np\nm = np.arange(60_000.0).reshape(3, -1)\nx, y, z = m\ndel m")
    session.save()
    session.restore("assert y[0] == 20_000 and z[-1] == 59_999 and x.shape == (20_000,)")


def test_a_small_view_of_an_array_that_is_gone_is_saved_alone(session: Session) -> None:
    session.run("import numpy as np\nsmall = np.zeros(1_000_000)[5:10]")
    manifest = session.save()
    assert entry(manifest, "small")["size"] < 1000


def test_data_frames_come_back_and_do_not_start_to_share(session: Session) -> None:
    session.run(
        "import pandas as pd, numpy as np\n"
        "df = pd.DataFrame({'a': np.arange(20_000.0), 'b': range(20_000), 's': ['x'] * 20_000,\n"
        "                   't': pd.date_range('2020', periods=20_000)})\n"
        "df['c'] = df['s'].astype('category')\n"
        "column = df['a']\nlazy = df.copy(deep=False)\nalias = df\n"
    )
    session.save()
    session.restore(
        "assert alias is df and df.shape == (20_000, 5) and df['b'].sum() == 199990000\n"
        "assert str(df['c'].dtype) == 'category' and df['t'].iloc[1].day == 2\n"
        "df.iloc[0, 0] = 99\nassert column.iloc[0] == 0 and lazy.iloc[0, 0] == 0\n"
        "column.iloc[1] = 98\nassert df.iloc[1, 0] == 1 and lazy.iloc[1, 0] == 1\n"
    )


def test_trained_models_predict_the_same(session: Session) -> None:
    session.run(
        "from sklearn import svm, datasets\nfrom sklearn.pipeline import make_pipeline\n"
        "from sklearn.preprocessing import StandardScaler, FunctionTransformer\n"
        "from sklearn.ensemble import RandomForestClassifier\n"
        "def shift(x): return x + offset\noffset = 0.5\n"
        "X, y = datasets.load_iris(return_X_y=True)\n"
        "clf = svm.SVC().fit(X, y)\n"
        "pipe = make_pipeline(FunctionTransformer(shift), StandardScaler(), svm.SVC()).fit(X, y)\n"
        "forest = RandomForestClassifier(10, random_state=0).fit(X, y)\n"
        "expected = [m.predict(X).tolist() for m in (clf, pipe, forest)]\n"
    )
    manifest = session.save()
    assert entry(manifest, "clf")["type"] == "sklearn.svm.SVC"
    assert manifest["packages"].keys() >= {"scikit-learn", "numpy"}
    session.restore("assert [m.predict(X).tolist() for m in (clf, pipe, forest)] == expected")


def test_large_arrays_are_mapped_privately(session: Session, tmp_path) -> None:
    session.namespace["big"] = numpy.arange(8 * 1024 * 1024, dtype="f8")  # 64 MiB
    manifest = session.save()
    (buffer,) = manifest["groups"][0]["buffers"]
    assert (session.directory / "objects/0.pickle").stat().st_size < 1000
    (session.directory / buffer["file"]).chmod(0o400)
    restored: dict = {}
    snapshot.load(restored, session.directory)  # Once to import what loading needs.
    started = time.perf_counter()
    snapshot.load(restored, session.directory)
    assert time.perf_counter() - started < 0.03  # Reading 64 MiB alone takes longer than that.
    restored["big"][:3] = -1
    again: dict = {}
    snapshot.load(again, session.directory)
    assert again["big"][:3].tolist() == [0, 1, 2]


def test_many_large_buffers_do_not_exhaust_the_descriptors(session: Session) -> None:
    session.namespace["many"] = [numpy.full(9000, float(i)) for i in range(1500)]
    session.save()
    session.restore(
        "import resource\n"
        "assert [m[0] for m in many] == list(range(1500)) and many[7].flags.aligned\n"
        "import os\nassert len(os.listdir('/proc/self/fd')) < 100\n"
    )


def test_a_hundred_thousand_dicts_do_not_take_seconds(session: Session) -> None:
    session.namespace["rows"] = [{"a": i, "b": str(i)} for i in range(100_000)]
    session.namespace["same_rows"] = list(session.namespace["rows"])
    started = time.perf_counter()
    session.save()
    assert time.perf_counter() - started < 3
    session.restore("assert rows[5] is same_rows[5] and rows[99_999]['b'] == '99999'")
