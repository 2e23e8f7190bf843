-- What no line of ours says, and what is made of it where one does: a line that somebody else wrote, or that a disk changed, stops
-- no question and no compaction.
CREATE MACRO as_bigint(amount) AS  -- sums of declared sizes may be larger than any
    CAST(greatest(least(amount, 9223372036854775807), -9223372036854775807) AS BIGINT);
CREATE MACRO is_moment(moment) AS moment IS NULL OR isfinite(moment) AND year(moment) BETWEEN 1970 AND 9998;
CREATE MACRO is_span(seconds) AS seconds IS NULL OR isfinite(seconds) AND seconds BETWEEN -1e12 AND 1e12;
CREATE MACRO says_enough(kind, way, how, size_bytes, system, http_status, attempt, reason, wait_seconds, leaves) AS
    CASE kind
        WHEN 'file' THEN way IS NOT NULL AND how IS NOT NULL AND size_bytes IS NOT NULL
        WHEN 'archive' THEN how IS NOT NULL AND size_bytes IS NOT NULL
        WHEN 'call' THEN system IS NOT NULL AND http_status IS NOT NULL AND attempt IS NOT NULL
        WHEN 'wait' THEN reason IS NOT NULL AND wait_seconds IS NOT NULL
        WHEN 'leaves' THEN leaves IS NOT NULL
        ELSE TRUE
    END;
