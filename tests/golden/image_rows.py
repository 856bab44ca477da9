"""The calls that decode images, by key, for rillet and for the real TensorFlow."""


def rows(files):
    """The keys ``FILE/FUNCTION/ARGUMENTS`` of all calls."""
    found = []
    for name in files:
        kind = name.rpartition(".")[2]
        found += [f"{name}/image/channels={c}" for c in (0, 1, 3, 4)]
        found += [f"{name}/image/dtype={d}" for d in ("uint16", "float32")]
        found += [f"{name}/image/expand_animations=0", f"{name}/gif/"]
        found += [f"{name}/is_jpeg/", f"{name}/shape/"]
        if kind in ("jpg", "png", "gif", "bmp"):
            found += [f"{name}/jpeg/channels={c}" for c in (0, 3)]
            found += [f"{name}/png/channels={c}" for c in (0, 3)]
        if kind == "png":
            found += [f"{name}/png/channels={c}" for c in (1, 4)]
            found += [f"{name}/png/channels={c},dtype=uint16" for c in (0, 1, 3, 4)]
        if kind == "bmp":
            found += [f"{name}/bmp/channels={c}" for c in (0, 1, 3, 4)]
        if kind == "webp":
            found += [f"{name}/webp/channels={c}" for c in (0, 3, 4)]
        if kind == "jpg" and name != "cut.jpg":
            found += [f"{name}/jpeg/channels=1"]
            found += [
                f"{name}/jpeg/ratio={r},channels={c}" for r in (2, 4, 8) for c in (0, 1)
            ]
            found += [f"{name}/crop/"]
    return found


def decoded(tf, key, data):
    """What a call gives; JPEG by the accurate method, which is one everywhere."""
    _, op, text = key.split("/")
    given = dict(part.split("=") for part in text.split(",") if part)
    settings = {
        name: int(value) if value.isdigit() else value for name, value in given.items()
    }
    if "expand_animations" in settings:
        settings["expand_animations"] = bool(settings["expand_animations"])
    if "dtype" in settings:
        settings["dtype"] = tf.as_dtype(settings["dtype"])
    if op == "is_jpeg":
        return tf.io.is_jpeg(data)
    if op == "shape":
        return tf.io.extract_jpeg_shape(data)
    if op == "crop":
        return tf.io.decode_and_crop_jpeg(
            data, [3, 5, 10, 12], dct_method="INTEGER_ACCURATE"
        )
    if op == "jpeg":
        settings["dct_method"] = "INTEGER_ACCURATE"
    return getattr(tf.io, f"decode_{op}")(data, **settings)
