-- SPDX-License-Identifier: MIT
-- What the providers say of the orders, with the amounts that the shop has on file.
SELECT ref,
       session_status(ref, options) AS status,
       session_paid(ref, options)   AS paid,
       json_extract(session_answer(ref, options), '$.session.holds') AS holds
FROM (SELECT ref, json_object('expect', json_object('amount', amount_minor)) AS options
      FROM orders)
ORDER BY ref;
